/** Text that people wrote to or about each other. */
import { type NameRule, phrases } from './name-rule.ts';

const TEXT_KINDS = ['text', 'bytes', 'search', 'xml', 'json'] as const;

export const PROSE_RULES: readonly NameRule[] = [
  {
    class: 'free_text',
    topics: ['person', 'message', 'money'],
    phrases: phrases(
      'rejection reason, reject reason, decline reason, deny reason, ban reason, banned reason, suspension reason, termination reason, departure reason, departure description, resignation reason, exit reason, leave reason, absence reason, cancellation reason, block reason, lock reason, dismissal reason',
    ),
    kinds: ['text'],
  },
  {
    class: 'free_text',
    notTopics: ['thing', 'company', 'place', 'media'],
    phrases: phrases(
      `bio, biography, bio raw, bio cooked, bio html, bio text, about me, about user, about myself, self description, self introduction, personal statement, personal info, personal information, personal data, personal detail, background info, background information, pii, cover letter, covering letter, cover letter file, resume, resume text, resume attachment, resume file, resume url, resume link, resume path, cv file, cv url, cv link, cv path, cv attachment, reflection, interview summary, qualification reason, review message, cv, cv text, curriculum, curriculum vitae, private note, internal note, internal comment, staff note, admin note, moderator note, moderation note, suspension message, ban message, suspension public comment, suspension comment, escalation comment, moderation comment, rejection note, rejection comment, review note, reviewer note, reviewer comment, request note, request description, approval note, approval comment, approver comment, applicant comment, waiting list comment, bookmarker note, private comment, user note, user comment, customer note, client note, contact note, customer comment, customer remark, customer feedback, patient note, doctor note, nurse note, case note, session note, visit note, progress note, interview note, call note, call transcript, transcript, transcription, chat transcript, chat history, private message, direct message, message body, message text, message content, mail body, email body, email content, email text, body of mail, sms body, sms text, chat message, note text, note body, note content, comment text, comment body, comment content, delivery note, delivery instruction, shipping note, special instruction, order note, order comment, gift message, feedback, recipient information, recipient info, recipient detail, customer detail, customer info, billing info, billing detail, billing information, shipping info, shipping detail, buyer info, buyer detail, payer info, payer detail, contact info, contact detail, contact information, guest detail, passenger detail, feedback text, feedback comment, complaint, complaint text, grievance, incident description, review text, review body, review comment, appraisal text, performance review, answer text, survey response, suggestion text, dispute reason, dispute text, refund note, appeal text, appeal message, appeal reason, reason to join, reason for joining, join reason, joining reason, ban note, suspend note, comment version, diary, diary entry, journal entry, biografie, lebenslauf, bemerkung kunde, kundennotiz, custom note, customer message, message from customer, user message, guest comment, visitor message, sender message, personal message, statement raw, dm text, last message, last message content, last message text, last message body, resolution note, closing note, escalation note`,
    ),
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    topics: ['person', 'money', 'unknown', 'session', 'log', 'credential', 'portrait', 'health', 'message'],
    phrases: ['note', 'remark', 'comment'],
    kinds: TEXT_KINDS,
  },
  { class: 'free_text', topics: ['message'], phrases: ['edit history', 'content text'], kinds: TEXT_KINDS },
  { class: 'free_text', phrases: ['gift note', 'gift message'], kinds: TEXT_KINDS },
  // What somebody was sent, beside whom it went to.
  {
    class: 'free_text',
    beside: ['recipient', 'participant', 'phone', 'email'],
    notTopics: ['thing', 'company', 'place'],
    phrases: [
      'notification content',
      'sms content',
      'email content',
      'sms response content',
      'notification body',
      'notification text',
    ],
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['message', 'person', 'health', 'unknown'],
    phrases: ['followup', 'follow up'],
    kinds: ['text'],
  },
  { class: 'free_text', phrases: ['vcard', 'vcf', 'carddata', 'vcard data'], kinds: ['text', 'bytes'] },
  {
    class: 'free_text',
    alone: true,
    topics: ['message'],
    // What it was sorted under, where there is room to say more.
    notNames: ['detail'],
    phrases: ['reason', 'report reason'],
    kinds: ['text'],
  },
  { class: 'free_text', alone: true, topics: ['money', 'person'], phrases: ['instruction'], kinds: ['text'] },
  // Why somebody was warned or shut out.
  {
    class: 'free_text',
    sole: true,
    aboutTable: ['standing', 'user warning', 'member warning', 'user strike', 'user note', 'user suspension'],
    phrases: ['reason'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    sole: true,
    aboutTable: ['ban', 'banned', 'banlist', 'user', 'member', 'agreement'],
    notTopics: ['thing', 'log', 'company'],
    beside: ['ban', 'banned', 'expires', 'revoked', 'revoke', 'until', 'moderator', 'signed', 'reject'],
    phrases: ['reason', 'ban reason', 'give reason'],
    kinds: ['text'],
  },
  // What was filled into a form, one field a row.
  {
    class: 'free_text',
    sole: true,
    aboutTable: phrases(
      'form entry, form answer, form response, form submission, survey answer, survey response, entry value, answer value, response value, submission value, submitted value, custom answer',
    ),
    phrases: ['value'],
    kinds: TEXT_KINDS,
  },
  // The index over them.
  {
    class: 'free_text',
    alone: true,
    topics: ['message', 'person'],
    phrases: ['vector', 'fts', 'ts'],
    kinds: ['search'],
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['message'],
    aboutTable: ['response', 'submission', 'answer', 'entry'],
    phrases: ['data'],
    kinds: ['json'],
  },
  // What somebody filled in.
  {
    class: 'free_text',
    alone: true,
    topics: ['person', 'message'],
    phrases: [
      'response',
      'answer',
      'response data',
      'submission data',
      'form response',
      'form answer',
      'form data',
      'survey response',
    ],
    kinds: ['json'],
  },
  {
    class: 'free_text',
    topics: ['person', 'message'],
    phrases: phrases(
      'additional information, additional info, further information, other information, reason text, custom reason, other reason, reason specify, reason custom text, raw source',
    ),
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    topics: ['person', 'message', 'unknown'],
    phrases: ['invitation text', 'invitation message', 'invite message', 'invitation extra text'],
    kinds: ['text'],
  },
  { class: 'free_text', sole: true, topics: ['message'], phrases: ['post', 'story'], kinds: TEXT_KINDS },
  { class: 'free_text', sole: true, tables: ['note', 'comment', 'remark'], phrases: ['value'], kinds: ['text'] },
  {
    class: 'free_text',
    alone: true,
    aboutTable: ['spam', 'survey', 'user input', 'application', 'form submission'],
    notTopics: ['thing'],
    phrases: ['text box', 'char box', 'value text box', 'value char box', 'description', 'form data'],
    beside: ['answer', 'user agent', 'agent', 'applicant'],
    kinds: ['text'],
  },
  // All that a message, a draft, a comment has, and what comes of it.
  {
    class: 'free_text',
    alone: true,
    topics: ['message'],
    exact: true,
    phrases: ['data', 'render', 'source html', 'modification', 'new article', 'shared text'],
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    topics: ['unknown', 'log'],
    beside: ['email', 'customer', 'user', 'employee', 'patient', 'member'],
    phrases: phrases(
      'reason text, declined reason, decline reason, refund note, rejection reason, cancellation reason, return reason text',
    ),
    kinds: ['text'],
  },
  // What was asked, and what was answered.
  {
    class: 'free_text',
    alone: true,
    topics: ['person'],
    besideName: ['message', 'question'],
    phrases: ['response', 'answer', 'reply'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    sole: true,
    besideHead: ['email'],
    phrases: ['response', 'answer'],
    kinds: ['json'],
  },
  {
    class: 'free_text',
    topics: ['person', 'message', 'money', 'unknown', 'session'],
    phrases: phrases(
      'reason for block, reason for rejection, reason for leaving, reason for cancellation, reason for visit, reason for request, reschedule reason comment',
    ),
    kinds: ['text'],
  },
  // What somebody was told, and not only that something happened.
  {
    class: 'free_text',
    alone: true,
    topics: ['log', 'unknown'],
    beside: ['sender', 'recipient'],
    notBeside: ['commit', 'branch', 'level'],
    phrases: ['body', 'message'],
    kinds: ['text'],
  },
  // About somebody who learns or is ill, whatever the table is called.
  {
    class: 'free_text',
    alone: true,
    beside: ['student', 'pupil', 'patient', 'learner'],
    phrases: ['comment', 'remark', 'teacher comment', 'feedback'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['person'],
    phrases: ['info', 'public info', 'info public'],
    kinds: ['text'],
  },
  // What a customer wrote who sends something back, or to whom something comes.
  {
    class: 'free_text',
    sole: true,
    aboutTable: ['order return', 'return apply', 'return request', 'rma', 'refund request'],
    beside: ['customer', 'order', 'member', 'user'],
    notNamedBeside: true,
    phrases: ['question', 'reason', 'description', 'comment'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    sole: true,
    aboutTable: ['address'],
    phrases: ['other', 'instruction', 'direction'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    sole: true,
    aboutTable: ['customer transaction', 'member transaction', 'customer reward'],
    phrases: ['description'],
    kinds: ['text'],
  },
  // Sent to a number or an address that stands beside it.
  {
    class: 'free_text',
    sole: true,
    topics: ['unknown', 'log', 'session'],
    besideName: ['phone number', 'sms phone number', 'recipient number', 'email address', 'recipient'],
    phrases: ['content', 'message', 'body', 'text'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    topics: ['person', 'message'],
    phrases: ['search term', 'text search term', 'personalized signature', 'rejection message'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    alone: true,
    beside: ['user', 'userid', 'student', 'learner', 'grader', 'customer', 'employee'],
    phrases: ['feedback'],
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['person'],
    besideName: ['subject', 'title'],
    phrases: ['body', 'content', 'body html', 'body text'],
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['money'],
    beside: ['user', 'customer', 'author'],
    notBeside: ['gateway', 'error', 'code', 'success', 'processor'],
    phrases: ['message', 'response message', 'reply'],
    kinds: ['text'],
  },
  // What a payer wrote, where it is known who paid.
  {
    class: 'free_text',
    alone: true,
    topics: ['money'],
    besideName: ['email', 'email address', 'donor name', 'full name'],
    phrases: ['message'],
    kinds: ['text'],
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['person', 'money', 'unknown', 'session', 'log', 'credential', 'media', 'portrait'],
    phrases: phrases(
      `note, remark, comment, annotation, observation, notiz, bemerkung, anmerkung, kommentar, opmerking, notitie, anteckning, anmarkning, uwaga, notatka, komentarz, not, parecer, parecer tecnico, dictamen, yorum, aciklama notu, primechanie, zametka, kommentariy, biko, beizhu, observacao, observacion, anotacion, anotacao, remarque, nota, commento, osservazione, comentario, 備考, 备注, note html, note text, comment html, note raw, about, memo, additional note, note internal, extra note`,
    ),
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['person'],
    phrases: phrases(
      'status msg, background, description, summary, statement, story, interest, hobby, message, headline, tagline, description html, description text, note html, introduction, fact, status message, status text, custom status, signature, signature raw, signature cooked, profile, field, search vector, tsv, search, search data, search index, fulltext, search text, tsvector, searchable, document, beschreibung, descripcion, descricao, descrizione, profile info, about html',
    ),
    kinds: TEXT_KINDS,
  },
  {
    class: 'free_text',

    topics: ['message'],
    phrases: phrases(
      `body, content, xml,  text, message, msg, description, note, remark, comment, raw, cooked, html, markdown, body html, body text, body plain, body markdown, text body, html body, body cache, body raw, content html, content text, content plain, content raw, text content, html content, message html, message plain, note html, description html, description text, comment html, comment raw, text html, excerpt, preview, snippet, summary, answer, reply, response, review, comment version, question, transcript, annotation, detail, feedback, statement, explanation, spoiler text, search vector, search tsvector, tsv, search data, search text, raw message, processed content, processed message content, processed html, mime body, plain text, rich text, plain body, raw email, raw mail, body original, source text, caption, detail, memo, observation, quote, rendered, note cached html, comment text, markeddown comment, html rendered, nachricht, inhalt, mensaje, mensagem, contenido, conteudo, texto, messaggio, testo, contenu, texte, bericht, inhoud, tekst, wiadomosc, tresc, mesaj, icerik, soobshchenie, tekst soobshcheniya, beschreibung, beskrivelse, descripcion, descricao, descrizione, honbun, naiyo, neirong, 内容, 本文, 消息, remark`,
    ),
    kinds: ['text', 'bytes', 'search', 'xml', 'json'],
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['unknown', 'person'],
    beside: [
      'user',
      'sender',
      'author',
      'customer',
      'contact',
      'member',
      'person',
      'recipient',
      'visitor',
      'email',
      'phone',
      'from',
      'guest',
      'name',
      'patient',
      'employee',
      'profile',
      'client',
    ],
    notBeside: ['level', 'severity', 'trace', 'span', 'service'],
    phrases: phrases('message, text message,  private text, body private, chat, conversation, transcript, dm'),
    kinds: ['text', 'search', 'xml'],
  },
];
