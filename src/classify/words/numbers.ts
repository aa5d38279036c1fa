/** Numbers that states and banks give to people. */
import { type NameRule, phrases } from './name-rule.ts';

export const NUMBER_RULES: readonly NameRule[] = [
  {
    class: 'national_id',
    topics: ['person', 'health'],
    phrases: ['nic', 'nic number', 'nic num', 'nic no', 'national identity card'],
    kinds: ['text', 'integer', 'numeric'],
  },
  // What somebody is paid, one part a row.
  {
    class: 'financial',
    sole: true,
    aboutTable: ['payroll', 'payslip', 'pay slip', 'salary', 'wage', 'pay stub'],
    beside: ['employee', 'user', 'staff', 'worker', 'person', 'emp', 'member'],
    notAboutTable: ['timeoff', 'time off'],
    phrases: ['amount', 'value', 'net', 'gross', 'total'],
    kinds: ['text', 'numeric'],
  },
  {
    class: 'national_id',
    headFirst: true,
    phrases: [
      'titulo eleitor',
      'tit eleitor',
      'num tit eleitor',
      'certidao nascimento',
      'certidao casamento',
      'acta nacimiento',
      'acte naissance',
    ],
    kinds: ['text', 'integer', 'numeric'],
  },
  { class: 'national_id', phrases: ['national health id', 'national health number'], kinds: ['text'] },
  { class: 'payment_card', phrases: ['cc cid', 'card cid'], kinds: ['text', 'bytes'] },
  {
    class: 'national_id',
    alone: true,
    besideName: ['document type', 'doc type', 'id type', 'identification type', 'identity document type'],
    phrases: ['document number', 'document no', 'doc number', 'doc no', 'identification number', 'id number'],
    kinds: ['text', 'integer'],
  },
  {
    class: 'national_id',
    alone: true,
    topics: ['person'],
    phrases: ['document number', 'doc number', 'national health id', 'health id number'],
    kinds: ['text', 'integer'],
  },
  {
    class: 'national_id',
    alone: true,
    aboutTable: [
      'driver license',
      'driver licence',
      'driving license',
      'driving licence',
      'state id',
      'identity card',
      'passport',
    ],
    phrases: ['license number', 'licence number', 'card number', 'id number', 'document number'],
    kinds: ['text', 'integer'],
  },
  {
    class: 'national_id',
    phrases:
      phrases(`ssnid, sinid, dri lice num, driver lic, driver lic no, dl num, other id number, identification id, identification no, identification number, work permit, work permit number, permit no, visa no, visa number, ssn, social security, social security number, social security no, soc sec, soc sec no, social insurance number, sin number, social number, nino, national insurance, national insurance number, national insurance no, ni number, ni no, national id, national national identification, national identification number, national identity, national identity number, nationalid, nat id, citizen id, citizen number, citizen no, identity number, identity no, identity card, identity card number, identity document, identity document number, id card, id card number, id card no, idcard, idcard no, id number, id document, id document number, personal id, personal id number, personal number, personal no, personal identity number, personal identification number, personal code, government id, government id number, govt id, gov id, state id number, resident id, resident number, residence permit, residence permit number, passport, passport number, passport no, passport num, passport nr, passport id,
      driver license, driver license number, driver license no, driver license, driver licence, driver licence number, driving license, driving license number, driving licence, driving licence no, driving licence number, dl number, dl no, license number, licence number, licence no, license no,  voter id, voter number, alien number, alien registration number, green card number, visa number, military id, last4 ssn, ssn last4, ssn last four, employee ssn,
      aadhaar, aadhar, aadhaar number, adhar, nric, nric no, fin number, hkid, my number, mynumber, kojin bango, shenfenzheng, shenfenzheng hao, sfz, sfzh, rrn, jumin, cccd, cmnd, ktp, nik, mykad, ic number, ic no, emirates id, iqama, teudat zehut,
      dni, nie, curp, rut, ci number, cedula, cedula identidad, cdi, ine, pesel, bsn, burgerservicenummer, personnummer, personnr, fodselsnummer, cpr, cpr nummer, cpr number, cprnr, hetu, henkilotunnus, egn, cnp, oib, jmbg, emso, rodne cislo, amka, tc kimlik, tc kimlik no, tckn, tckimlik, kimlik no, snils, pasport, pasport nomer, pasport seriya, insz, rijksregisternummer, nir, numero securite sociale, num secu, insee, steuer id personal, personalausweis, personalausweisnummer, ausweisnummer, ausweis nr, reisepass, reisepassnummer, sozialversicherungsnummer, sv nummer, svnr, sv nr, rentenversicherungsnummer, ahv nummer, ahv nr, ahvn, numer paszportu, numer dowodu, nr dowodu, dowod osobisty, paspoort, paspoortnummer, rijbewijs, rijbewijsnummer, fuhrerscheinnummer, fuehrerscheinnummer, fuhrerschein nr, pass nr, passnummer, rg numero, 
      身份证, 身份证号, 身份证号码, マイナンバー, 护照号, 주민등록번호, паспорт, снилс, tribal id, student ssn, gov identification, document number id, national no, social no, ident value, identity value, affiliation number, social affiliation number, mother ssn`),
    notTopics: ['thing'],
  },
  {
    class: 'national_id',
    phrases: phrases(
      'license plate, licence plate, number plate, plate number, plate no, vehicle registration number, registration plate, kfz kennzeichen, kennzeichen, matricula, placa vehiculo, targa, immatriculation',
    ),
  },
  {
    class: 'national_id',
    alone: true,
    topics: ['person'],
    phrases: ['ss', 'id number', 'idnumber', 'sin', 'nin'],
    kinds: ['text', 'bytes', 'integer', 'numeric'],
  },
  {
    class: 'national_id',
    headFirst: true,
    phrases: phrases(
      'documento identidad, numero documento, num documento, nro documento, tipo numero documento, documento identidade, rg, identidade, identidad, pasaporte, numero pasaporte, passaporte, passaporto, numero passeport, passeport, permis conduire, permis de conduire, patente guida, licencia conducir, carteira motorista, cnh, carteira identidade, carteira trabalho, titulo eleitor, pis, pasep, nis, numero seguro social, nss, numero seguridad social, seguridad social, carte identite, carta identita, carte vitale, cedula ciudadania, securite sociale',
    ),
    notTopics: ['thing'],
  },
  {
    class: 'tax_id',
    phrases:
      phrases(`tax id, tax id number, taxid, tax identifier, tax identification, tax identification number, tax number, tax no, tax nr, tax code personal, taxpayer id, taxpayer number, taxpayer identification, taxpayer identification number, tax registration number, tax reference, tin, tin number, tin no, ein, ein number, employer identification number, itin, utr, utr number, vat, vat id, vat number, vat no, vat nr, vat identification, vat identification number, vat registration, vat registration number, vatin, gst number, gst no, gstin, gst id, abn, acn, tfn, tax file number, pan number, pan no, pan card, pan card number, sale tax id, company tax id, customer tax id, fiscal id, fiscal number, business tax id, federal tax id,
      cpf, cpf cnpj, cnpj, cpf number, nif, cif, rfc, cuit, cuil, nit, ruc, codice fiscale, cod fiscale, cf codice, codfisc, partita iva, piva, p iva, steuer id, steuerid, steuernummer, steuer nr, steueridentifikationsnummer, steuer identifikationsnummer, idnr steuer, ust id, ustid, ust idnr, ustidnr, umsatzsteuer id, umsatzsteuer nummer, btw nummer, btw nr, btwnummer, btw id, nip, regon tax, vergi no, vergi numarasi, inn, inn number, kpp, momsnummer, moms nr, cvr nummer, numero tva, num tva, tva intracom, tva intra, numero fiscal, nipc, afm, adoszam, dic, vkn, 纳税人识别号, инн`),
    notTopics: ['thing'],
  },
  {
    class: 'payment_card',
    phrases:
      phrases(`cvn, masked pan, truncated pan, pan truncation, masked account number, card number, card no, card num, card nr, card pan, cardnumber, cardno, credit card, credit card number, credit card no, creditcard, creditcard number, credit card num, debit card, debit card number, debit card no, cc number, cc no, cc num, cc nr, ccnum, ccn, ccno,  pan enc, pan number full, primary account number, payment card, payment card number, bank card, bank card number, bank card no, cvv, cvv2, cvc, cvc2, card cvv, card cvc, card security code, cc cvv, csc, cid card, track data, track1 data, track2 data, magstripe, card track, card data, gift card number full,
      kreditkarte, kreditkartennummer, kreditkarten nummer, kreditkartennr, kartennummer, karten nr, creditcardnummer, kaartnummer, kort nummer, kortnummer, kreditkort, numer karty, nr karty, kart no, kart numarasi, kredi karti, kredi karti no, nomer karty, kredito bango, card bin full, card raw, xinyongka, yinhangka hao, card last4, card last, cc last, cc first, last4, last 4, last four, last four digit, last4 digit, card last four, card last 4, card last digit, cc last digit, cc last four, last digit, card last four digit, card last digit, card first digit, cc last4, cc first digit, card digit, card fingerprint, cc bin, masked card number, stripe fingerprint, masked pan, masked number,
      信用卡号, 银行卡号, カード番号`),
    notTopics: ['place'],
  },
  {
    class: 'payment_card',
    headFirst: true,
    phrases: phrases(
      'numero tarjeta, num tarjeta, tarjeta credito, tarjeta numero, numero cartao, num cartao, cartao credito, cartao numero, numero carta credito, carta credito, numero carta, numero carte, carte bancaire, numero carte bancaire, carte credit, num carte',
    ),
  },
  {
    class: 'payment_card',
    alone: true,
    notTopics: ['place', 'thing', 'message', 'log'],
    phrases: ['pan', 'cc'],
    kinds: ['text', 'bytes', 'integer', 'numeric'],
  },
  {
    class: 'payment_card',
    alone: true,
    topics: ['money'],
    aboutTable: [
      'card',
      'credit card',
      'creditcard',
      'payment',
      'payment method',
      'wallet',
      'kreditkarte',
      'tarjeta',
      'cartao',
    ],
    phrases: phrases('number, first digit, bin, pan, cc'),
    besideHead: ['cvv', 'cvc', 'cvn', 'month', 'year', 'expiry', 'expiration', 'cardholder', 'holder', 'last4', 'exp'],
    kinds: ['text', 'bytes', 'integer', 'numeric'],
  },
  {
    class: 'bank_account',
    phrases:
      phrases(`iban, iban number, iban no, iban nr, bic, bic code, swift, swift code, swift bic, bic swift, bban, bank account, bank account number, bank account no, bank account num, bankaccount, bank acct, bank acct no, bank acct number, bank acc no, account number, account no, account num, account nr, acct number, acct no, acct num, acct nr, acctno, accountnumber, accountno, acc number, acc num, routing number, routing no, routing num, aba number, aba routing, aba routing number, transit number, sort code, sortcode, bsb, bsb number, ifsc, ifsc code, micr, bank code number, bank number, bank no, bank routing, clabe, cbu, cvu, rib, bank detail, bank info, bank data, sepa mandate iban, direct debit account, payout account, payout account number, wire account, wallet address, crypto address, btc address, bitcoin address, eth address, ethereum address, xmr address, usdt address, pix key, chave pix, paypal account, paypal id, upi id, vpa upi, venmo, iban bic, creditor iban, debtor iban,
      kontonummer, konto nummer, konto nr, kontonr, konto iban, bankverbindung, bankkonto, bankleitzahl, blz, bankrekening, bankrekeningnummer, rekeningnummer, rekening nr, bankkontonummer, bankgiro, plusgiro, numer konta, nr konta, numer rachunku, nr rachunku, rachunek bankowy, hesap no, hesap numarasi, nomer scheta, raschetnyy schet, koza bango, kouza bango, yinhang zhanghao, numer konta bankowego, registreringsnummer bank,
      银行账号, 口座番号, 계좌번호`),
  },
  // In a ledger it is a number of the plan of accounts.
  {
    class: 'bank_account',
    notBeside: ['heading', 'gifi', 'debit', 'ledger', 'chart', 'category'],
    notTopics: ['thing'],
    phrases: ['acc no', 'accno'],
  },
  {
    class: 'bank_account',
    headFirst: true,
    phrases: phrases(
      'numero cuenta, num cuenta, nro cuenta, cuenta bancaria, cuenta corriente, cuenta clabe, numero conta, conta bancaria, conta corrente, agencia conta, agencia bancaria, numero conto, conto corrente, conto bancario, coordinate bancarie, compte bancaire, numero compte, num compte, coordonnees bancaire, compte courant',
    ),
  },
  {
    class: 'bank_account',
    alone: true,
    topics: ['money', 'person'],
    beside: ['routing', 'iban', 'bic', 'swift', 'bank'],
    phrases: ['account', 'acct', 'konto', 'cuenta', 'conta'],
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'bank_account',
    sole: true,
    besideName: [
      'bic',
      'iban',
      'swift',
      'blz',
      'code banque',
      'bank code',
      'sort code',
      'routing number',
      'iban prefix',
    ],
    phrases: ['number', 'iban prefix'],
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'bank_account',
    sole: true,
    aboutTable: ['bank account'],
    phrases: ['branch code', 'mask', 'last four'],
    kinds: ['text'],
  },
  { class: 'bank_account', phrases: ['bank ac no', 'bank ac number', 'bank a c no'], kinds: ['text', 'integer'] },
  {
    class: 'bank_account',
    sole: true,
    aboutTable: ['bank account', 'payout account', 'wire', 'bank detail', 'payout method'],
    phrases: ['detail', 'data', 'information', 'info'],
    kinds: ['text', 'json', 'bytes'],
  },
  {
    class: 'bank_account',
    alone: true,
    aboutTable: ['bank', 'bank account', 'account', 'iban'],
    beside: ['routing', 'iban', 'bic', 'swift', 'bank'],
    phrases: ['number'],
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'financial',
    phrases:
      phrases(`salary, basic pay, basic salary, base salary, gross salary, net salary, annual salary, monthly salary, salary amount, current salary, expected salary, desired salary, current pay, desired pay, expected pay, salary expectation, salary expected, salary proposed, salary min expectation, income, annual income, gross income, net income, household income, monthly income, yearly income, wage, wage amount, hourly wage, hourly amount, hourly rate, pay rate, hourly cost, pay grade, gross pay, net pay, base pay, take home pay, monthly pay, annual pay, weekly pay, compensation, total compensation, compensation amount, remuneration, bonus amount, net worth, networth, credit score, creditscore, fico, fico score, debt, debt amount, loan amount, mortgage amount, mortgage balance, account balance, bank balance, pension, pension amount, severance, stock option grant, alimony, wealth, severance pay, payroll amount, overtime pay, salary band, salary range, credit report, ctc,
      gehalt, bruttogehalt, nettogehalt, grundgehalt, monatsgehalt, jahresgehalt, stundenlohn, lohn, bruttolohn, nettolohn, einkommen, jahreseinkommen, salaris, bruto salaris, uurloon, inkomen, loon, manedslon, inkomst, timlon, wynagrodzenie, pensja, placa brutto, placa netto, dochod, stawka godzinowa, maas, maas brut, gelir, brut maas, zarplata, oklad, dokhod, kyuyo, nenshu, gekkyu, gongzi, xinzi, 年収, 給与, 工资, 薪资, 收入, зарплата`),
    notTopics: ['thing', 'place'],
  },
  // Of a customer or a supplier of a company they are terms of trade.
  {
    class: 'financial',
    phrases: ['credit rating', 'credit limit'],
    notTopics: ['thing', 'place', 'company'],
    notBeside: ['discount', 'term', 'terms', 'vendor', 'supplier'],
  },
  {
    class: 'financial',
    sole: true,
    aboutTable: ['pay history', 'employee pay', 'salary history', 'salary', 'wage', 'compensation'],
    notAboutTable: ['type', 'component', 'structure', 'rule'],
    beside: ['employee', 'emp', 'staff', 'business', 'worker', 'person', 'frequency'],
    phrases: ['rate', 'amount', 'pay'],
    kinds: ['numeric', 'text'],
  },
  { class: 'financial', sole: true, topics: ['person'], phrases: ['bonus'], kinds: ['numeric'] },
  {
    class: 'financial',
    headFirst: true,
    phrases: phrases(
      'salario, sueldo, sueldo bruto, ingreso mensual, ingreso anual, ingreso, renda, renda mensal, renda familiar, remuneracao, remuneracion, stipendio, reddito, retribuzione, salaire, salaire brut, salaire net, revenu, revenu, revenu annuel, patrimonio, saldo bancario',
    ),
    notTopics: ['thing', 'place'],
  },
  { class: 'bank_account', sole: true, beside: ['bank', 'cheque', 'iban'], phrases: ['paypal'], kinds: ['text'] },
  {
    class: 'bank_account',
    beside: ['bank'],
    phrases: ['bank branch number', 'branch number', 'bank branch code'],
    kinds: ['text'],
  },
  { class: 'tax_id', sole: true, beside: ['bank', 'cheque'], phrases: ['tax'], kinds: ['text'] },
  { class: 'national_id', notTopics: ['thing'], phrases: phrases('npi, npi number, dea, dea number'), kinds: ['text'] },
  // What a table of pay holds.
  {
    class: 'financial',
    alone: true,
    aboutTable: ['salary', 'payslip', 'wage'],
    phrases: phrases('amount, gross, net, base, total, gross amount, net amount, bonus, deduction'),
    kinds: ['numeric', 'integer'],
  },
  // What somebody earns; not what a programme has brought in.
  {
    class: 'financial',
    topics: ['person', 'money'],
    phrases: ['earning'],
  },
  // Pay in Norwegian; half a coordinate beside the other half.
  {
    class: 'financial',
    notBeside: ['lat', 'latitude'],
    notTopics: ['thing', 'place'],
    phrases: ['lon'],
  },
  { class: 'tax_id', topics: ['person', 'company'], phrases: ['tax code'], kinds: ['text'] },
  {
    class: 'national_id',
    topics: ['person', 'health'],
    phrases: ['avs', 'ahv', 'avs number', 'ahv number', 'ahv nr'],
    kinds: ['text'],
  },
  {
    class: 'health',
    topics: ['person', 'health'],
    phrases: ['insured number', 'insured no', 'insured id'],
    kinds: ['text'],
  },
  { class: 'tax_id', besideName: ['vat type', 'tax id type'], phrases: ['vat value', 'tax id value'], kinds: ['text'] },
];
