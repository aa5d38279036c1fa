/**
 * What the lists by class lack in languages other than English. Most put the head first; words that mean other things in
 * other languages count beside words of the same language only.
 */
import { type NameRule, phrases } from './name-rule.ts';

const PLACE_WORDS: readonly string[] = phrases(
  'ville, commune, rue, adresse, adresse1, voie, codepostal, postal, calle, direccion, domicilio, ciudad, localidad, provincia, municipio, indirizzo, via, citta, comune, provincia, cap, endereco, logradouro, bairro, cidade, cep, strasse, plz, ort, gate, postnr, postnummer, poststed, ulice, mesto, psc, ulica, gorod, ulitsa, adres, adresa, strada, oras, judet, utca, varos, iranyitoszam, osoite, alamat, kota, kecamatan, mahalle, ilce, sehir, ville',
);

export const FURTHER_LANGUAGE_RULES: readonly NameRule[] = [
  {
    class: 'person_name',
    headFirst: true,
    notTopics: ['thing', 'place', 'company'],
    phrases: phrases(
      `nom et prenom, nom prenom, prenom nom, nom marital, nom epoux, nom conjoint, nom pere, nom mere, nom responsable, nom parent, nom eleve, nom patronymique, rufname, geburtsname, nombre apellido, apellido nombre, nombre madre, nombre padre, nombre alumno, nombre responsable, nombre tutor, nm pessoa, nome pessoa, nome responsavel, nome abreviado, nome aluno, nome pais, nome mae, nome conjuge, nome mamma, nome madre, nome padre, cognome coniuge,
      roepnaam, volledige naam, meisjesnaam, partnernaam, imie ojca, imie matki, nazwisko rodowe, drugie imie, mellomnavn, fullt navn, fulde navn, fornavne, tilltalsnamn, vezeteknev, keresztnev, teljes nev, anyja neve, szuletesi nev, prenume, nume familie, nume prenume, nume complet, onoma, eponymo, onomateponymo, patronymo,
      nama lengkap, nama depan, nama belakang, nama panggilan, nama ibu, nama ayah, nama ibu kandung, nama pasien, nama siswa, nama pegawai, nama karyawan, nama pelanggan, ho ten, hoten, ho va ten, ten khach hang, ten nhan vien, ten benh nhan, ten hoc sinh, krestni jmeno, cele jmeno, meno, priezvisko, ime, prezime, ime prezime, priimek, xing ming, zhenshi xingming, izena, abizena, cognoms, nom cognoms, emri mbiemri, vardas, pavarde, vards, uzvards, eesnimi, perenimi, perekonnanimi`,
    ),
  },
  {
    class: 'person_name',
    alone: true,
    topics: ['person'],
    phrases: phrases('nimi, nama, nev, nume, jmeno, ime, ten, nom usuel, denominazione persona, emri, vards'),
    kinds: ['text'],
  },
  {
    class: 'date_of_birth',
    alone: true,
    phrases: phrases('geb, geb am, naiss, nac, nasc, dn'),
    kinds: ['date'],
  },
  {
    class: 'date_of_birth',
    headFirst: true,
    phrases: phrases(
      'ddn, bdate, birthdt, dt naiss, date naiss, datenaiss, datnais, annee naissance, gebtag, geb tag, fnacimiento, fecnac, fechanac, fec nacim, dtnasc, data nasc, datnasc, data ur, dataur, fodt dato, fodelsear, dogum tar, syntymapaiva, syntymapvm, szuletesi datum, szuletesi ido, szul datum, szulido, data nasterii, data nastere, imerominia gennisis, tanggal lahir, tgl lahir, tgllahir, ngay sinh, ngaysinh, nam sinh, datum rodjenja, datum rojstva, datum narodenia, dzimsanas datum, gimimo data, sunniaeg',
    ),
  },
  {
    class: 'postal_address',
    headFirst: true,
    notTopics: ['place', 'thing'],
    phrases: phrases(
      `num rue, no rue, numero voie, num voie, type voie, nom voie, libelle voie, complement adresse, adresse ligne, ligne adresse, boite postale, lieu dit, code insee commune, postfach, adresszusatz, strasse nr, wohnadresse, apartado postal, apartado correo, codigo postal, numero puerta, entre calle, barrio, complemento endereco, numero endereco, ponto referencia, residenza, provincia residenza, comune residenza, citta residenza, indirizzo residenza, domicilio fiscale, via numero,
      toevoeging, huisnr toevoeging, nr domu, nr mieszkania, kod pocztowy, husnummer, husnr, gatenavn, ulice, cislo popisne, cislo orientacni, cislo domu, psc, adresa, adresa bydliste, osoite, katuosoite, lahiosoite, postinumero, postitoimipaikka, iranyitoszam, utca, hazszam, lakcim, strada, cod postal, judet, diefthinsi, diefthynsi, alamat, alamat lengkap, alamat rumah, kelurahan, kecamatan, kode pos, rt rw, dia chi, diachi, mahalle, acik adres, ulitsa dom, pochtovyj indeks, youbian, postal cd, tinh thanh, quan huyen, phuong xa`,
    ),
  },
  {
    class: 'postal_address',
    alone: true,
    notTopics: ['place', 'thing'],
    beside: PLACE_WORDS,
    phrases: phrases(
      'cp, cap, via, piso, puerta, portal, complemento, apartado, comune, citta, localita, frazione, gate, ort, poststed, mesto, obec, oras, judet, varos, cim, kaupunki, kota, kabupaten, dom, korpus, indeks, sokak, numero voie, boite postale, region, escalier, etage, batiment, urbanizacion, poblacion, departamento, comuna, parroquia, canton, distrito, kraj, okres, lan, kommune, departement',
    ),
    kinds: ['text', 'integer'],
  },
  {
    class: 'postal_address',
    alone: true,
    topics: ['person'],
    phrases: phrases(
      'county, provincia, comune residenza, cp, cidade, citta, kota, kaupunki, mesto, oras, varos, barrio',
    ),
    kinds: ['text'],
  },
  {
    class: 'phone',
    headFirst: true,
    phrases: phrases(
      'num tel, num telephone, numero tel, no tel, telephone portable, telephone fixe, telephone domicile, gsm, rufnummer, faxnummer, telefonnr, handynr, mobilnr, telf, tlf, tfno, tfn, tfno movil, num telefono, nro telefono, telefono movil, fono, nr telefone, fone, nr celular, recapito telefonico, num cellulare, mobiel nummer, mobielnr, gsm nummer, tel komorkowy, telefon komorkowy, nr telefonu, nr tel, nr komorki, telefonni cislo, mobilni telefon, matkapuhelin, puh, puhelin koti, telefonszam, mobilszam, nr telefon, numar telefon, tilefono, kinito, no hp, nomor hp, no telp, no telepon, nomor telepon, nomor handphone, telepon, telp, so dien thoai, sdt, dien thoai, mobilnyj, mobilnyj telefon, telefon ev, tel no, shouji hao, nomer tel, mobitel',
    ),
  },
  {
    class: 'phone',
    alone: true,
    topics: ['person', 'money', 'message', 'company', 'unknown'],
    beside: phrases('email, mail, courriel, correo, nom, prenom, nama, alamat, telephone, fax, adresse, address, name'),
    phrases: phrases('portable, fixe, hp, ph, mobil, cell, gsm, mobiel, komorka, cel, movil'),
    kinds: ['text', 'integer'],
  },
  {
    class: 'email',
    headFirst: true,
    phrases: phrases(
      'pec, email pec, mail pec, posta certificata, indirizzo pec, adresse courriel, adresse messagerie, emailadres, mailadres, mail adres, email adres, epostadresse, epostadress, epost adresse, mailadresse, emailadresse, sahkoposti, sahkopostiosoite, email cim, emailcim, adresa email, mejl, surel, alamat email, elektronnaya pochta, dzyanxin, emeil, email osoite, correo e',
    ),
  },
  {
    class: 'national_id',
    headFirst: true,
    notTopics: ['thing'],
    phrases: phrases(
      'num ss, num secu sociale, no secu, nss securite sociale, num cni, numero cni, numero national, numero registre national, num passeport, numero identificacion, nro identificacion, num identificacion, num doc identidad, doc identidad, clave elector, num cpf, nr cpf, num rg, num passaporte, num identidade, certidao nascimento, numero certidao, cartao cidadao, numero utente, bilhete identidade, num carta identita, seria dowodu, seria numer dowodu, numer pesel, cislo op, cislo obcanskeho prukazu, cislo pasu, rodnecislo, szemelyi szam, szemelyi igazolvany, taj szam, tajszam, utlevel szam, serie buletin, serie ci, amka, adt, no ktp, nomor ktp, no nik, no kk, nomor induk kependudukan, so cmnd, so cccd, ho chieu, tc no, tc kimlik numarasi, seriya pasporta, nomer pasporta, isikukood, asmens kodas, personas kods, emso, hujialbus, natl insurance number, national insurance number, license plate, national identifier, pass number, passport number',
    ),
  },
  {
    class: 'tax_id',
    headFirst: true,
    notTopics: ['thing'],
    phrases: phrases(
      'num tva, numero tva intracommunautaire, tva intracommunautaire, numero fiscal, steueridnr, steuer idnr, cif nif, nif cif, cifnif, identificacion fiscal, numero identificacion fiscal, registro fiscal, inscricao estadual, inscricao municipal, codice iva, regon, nr nip, orgnr, organisasjonsnummer, organisationsnummer, orgnummer, cvr, cvrnr, ico, dic, ic dph, y tunnus, ytunnus, adoazonosito, cod fiscal, codul fiscal, cui, afm, npwp, no npwp, ma so thue, mst, vergi kimlik no, inn kpp, ogrn, okpo, fein, tax number, vkn, oib firme, mwst nummer, mwst nr, uid nummer',
    ),
    kinds: ['text', 'integer', 'numeric', 'bytes'],
  },
  {
    class: 'demographic',
    headFirst: true,
    notTopics: ['thing', 'place'],
    phrases: phrases(
      'genero, sexo biologico, lieu naiss, pays naissance, commune naissance, departement naissance, ville naissance, situation matrimoniale, regime matrimonial, geburtsland, geburtsname ort, pais nacimiento, ciudad nacimiento, municipio nacimiento, provincia nacimiento, grupo etnico, pueblo indigena, local nascimento, cidade nascimento, uf nascimento, raca cor, cor raca, comune nascita, provincia nascita, stato nascita, luogo nascita, nasjonalitet, sivilstand, fodested, fodeland, fodelseort, civilstand, pohlavi, misto narozeni, obcanstvi, rodinny stav, sukupuoli, kansalaisuus, siviilisaaty, syntymapaikka, nem ferfi, szuletesi hely, anyanyelv, allampolgarsag, locul nasterii, cetatenie, stare civila, jenis kelamin, kelamin, agama, tempat lahir, status perkawinan, suku bangsa, gioi tinh, gioitinh, dan toc, ton giao, que quan, noi sinh, dogum yeri, mezhep, spol, fylo, grazhdanstvo',
    ),
  },
  {
    class: 'demographic',
    alone: true,
    topics: ['person', 'health'],
    phrases: ['genre'],
    kinds: ['text', 'enum', 'integer'],
  },
  {
    class: 'bank_account',
    headFirst: true,
    notTopics: ['thing'],
    phrases: phrases(
      'code banque, code guichet, cle rib, domiciliation bancaire, num conto, nr conto, coordinata bancaria, codice abi, codice cab, nr conta, num conta, digito conta, numero agencia, cuenta iban, num cuenta bancaria, banknr, banknummer, nr rachunku bankowego, rachunek, konto bankowe, cislo uctu, kod banky, clearingnummer, clearingnr, bankgironummer, plusgironummer, tilinumero, pankkitili, bankszamlaszam, szamlaszam, cont bancar, cont iban, no rekening, nomor rekening, norek, so tai khoan, tai khoan ngan hang, nomer karty, raschetnyj schet, kor schet, bik, aba number, bank code',
    ),
  },
  {
    class: 'password_hash',
    headFirst: true,
    phrases: phrases(
      'motdepasse, motpasse, mot pass, contrasenia, contrasena hash, kata sandi, katasandi, mat khau, matkhau, parola acces, passwort hash, salasana hash, jelszo hash, adgangskode hash, losenordshash, haslo uzytkownika, heslo uzivatele, geslo, lozinka, kodikos prosvasis, slaptazodis, parole hash',
    ),
  },
  {
    class: 'person_name',
    alone: true,
    topics: ['company'],
    phrases: phrases(
      'leader, head, director, administrador, administrateur, amministratore, representante, representante legal, gerant, dirigeant, geschaeftsfuehrer',
    ),
    kinds: ['text'],
  },
  {
    class: 'person_name',
    beside: ['siret', 'siren'],
    phrases: ['entreprise nom', 'entreprise prenom'],
    kinds: ['text'],
  },
  {
    class: 'username',
    headFirst: true,
    notTopics: ['thing', 'place', 'company', 'log'],
    phrases: phrases(
      'identifiant connexion, nom utilisateur, benutzerkennung, benutzername, nombre usuario, alias usuario, nome usuario, nome utente, gebruikersnaam, nazwa uzytkownika, uzivatelske jmeno, brukernavn, anvandarnamn, kayttajatunnus, felhasznalonev, nume utilizator, nama pengguna, ten dang nhap, kullanici adi, imya polzovatelya, login usuario, utilizator, korisnicko ime, yonghuming, yonghu ming',
    ),
  },
  {
    class: 'username',
    alone: true,
    beside: phrases(
      'password, passwort, mdp, motdepasse, contrasena, contrasenia, clave, senha, haslo, heslo, parola, sifre, wachtwoord, mima',
    ),
    phrases: phrases(
      'identifiant, usuario, utente, utilisateur, kullanici, gebruiker, uzytkownik, uzivatel, polzovatel, pengguna',
    ),
    kinds: ['text'],
  },
  { class: 'username', alone: true, phrases: ['nick', 'last nick'], kinds: ['text'] },
  {
    class: 'photo',
    headFirst: true,
    notTopics: ['thing', 'place', 'company', 'media'],
    phrases: phrases(
      'photo profil, photo identite, imagen perfil, imagem perfil, foto perfil, immagine profilo, foto profilo, lichtbild, passfoto, fotografia, profilkep, profilova fotka, foto profil, anh dai dien',
    ),
  },
  {
    class: 'photo',
    alone: true,
    topics: ['person'],
    phrases: phrases('foto, fotografia, photo identite, fotka, kep, bilde'),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'health',
    headFirst: true,
    notTopics: ['thing', 'place'],
    phrases: phrases(
      'allergen, allergie, medicament traitement, medecin traitant, medecin, antecedent medical, antecedent, traitement en cours, numero securite mutuelle, regime alimentaire, allergien, medikation, medikament, vorerkrankung, hausarzt, krankheitsbild, befund, arzt, medico cabecera, enfermedad, alergia, medicamento, obra social, seguro medico, num seguro medico, medico tratante, laudo medico, cid 10, plano saude, convenio medico, necessidade especial, diagnosi, malattia, malattie, choroby, medikamente, pass medical, patologia, medico curante, medico base, terapia, huisarts, zorgverzekeraar, zorgverzekering, polisnummer zorg, medicatie, aandoening, choroba, alergie, rozpoznanie, lek przyjmowany, sykdom, diagnose kode, sjukdom, medicin, pojistovna, zdravotni pojistovna, diagnoza, alergie, sairaus, laakitys, betegseg, allergia, golongan darah, riwayat penyakit, alergi obat, nhom mau, benh ly, chan doan, tien su benh, teshis, tani, alerji, kronik hastalik, hastalik, ilac, polis oms, gruppa zdorovya, allergiya, blood group, blood type, medical condition, medical history, insurance policy number, dieta, grupo sangre',
    ),
  },
  {
    class: 'health',
    topics: ['health'],
    phrases: phrases(
      'measurement, observation, procedure, anatomic site, disease status, sig, cause, alert, visit reason, body site, specimen, bevinding, befund, hallazgo, motivo consulta, motif consultation, examen, resultado, resultat, ergebnis',
    ),
    kinds: ['text', 'numeric', 'json', 'bytes'],
  },
  {
    class: 'financial',
    headFirst: true,
    notTopics: ['thing', 'place'],
    phrases: phrases(
      'salaire mensuel, salaire base, remuneration, revenu fiscal, revenu fiscal reference, quotient familial, salario base, salario diario, sueldo base, sueldo neto, salario liquido, vl salario, renda per capita, reddito annuo, isee, bruto loon, netto loon, placa zasadnicza, lonn, loen, manadslon, arslonn, timelonn, mzda, hruba mzda, palkka, fizetes, ber, salariu, salariu baza, gaji, gaji pokok, tunjangan, penghasilan, luong, luong co ban, thu nhap, ucret, zarobotnaya plata, misthos',
    ),
    kinds: ['integer', 'numeric', 'text'],
  },
  {
    class: 'financial',
    alone: true,
    topics: ['person', 'money'],
    phrases: ['plat'],
    kinds: ['integer', 'numeric', 'text'],
  },
  { class: 'financial', notTopics: ['thing', 'place'], phrases: ['bonus amount', 'net worth', 'credit score'] },
  {
    class: 'person_name',
    phrases: phrases('lst nm, lst nme, l nm, f nm, m nm, middle init'),
    kinds: ['text'],
  },
  {
    class: 'free_text',
    alone: true,
    topics: ['person', 'money', 'unknown', 'session', 'message', 'health'],
    phrases: phrases(
      'commentaire, remarque, observacao, observacoes, osservazioni, annotazioni, uwagi, osservazione, annotazione, merknad, bemaerkning, notat, kommentarij, poznamka, huomautus, megjegyzes, observatii, mentiune, catatan, keterangan tambahan, ghi chu, ghichu, notlar, uwaga, opis zdarzenia, motivation, motivation text, justification, justificatif texte, motivo, motif, begruendung, nota interna, obs, ds observacao, info adherent, opmerking intern',
    ),
    kinds: ['text'],
  },
];
