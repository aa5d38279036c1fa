/** Names of columns in other languages, and shortened ones, alone in a table of people that is called in that language. */
import { describe, expect, it } from 'vitest';
import { classifyTable } from '../../src/classify/classify-column.ts';

const TYPES: Readonly<Record<string, string>> = { date_of_birth: 'date', geo: 'numeric', financial: 'numeric' };

const classOf = (table: string, names: readonly string[], column: string, type: string) => {
  const all = [...names, column];
  const subjects = all.map((one) => ({
    schema: 'public',
    table,
    column: one,
    type: one === column ? type : 'integer',
    siblings: all.filter((other) => other !== one),
  }));
  return classifyTable(subjects).at(-1)?.class;
};

const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  adherents: {
    person_name: 'nom prenom nom_usage nom_naissance nom_jeune_fille nom_famille prenoms nom_complet',
    date_of_birth: 'date_naissance ddn dt_naiss datenaiss date_de_naissance annee_naissance naiss',
    postal_address:
      'adresse adresse1 adresse_ligne1 rue num_rue numero_voie nom_voie code_postal cp ville commune complement_adresse localite adresse_postale boite_postale',
    phone: 'telephone tel tel_fixe tel_portable gsm mobile numero_telephone num_tel fax',
    email: 'courriel mail adresse_mail adresse_email e_mail mel',
    national_id: 'num_secu numero_securite_sociale nir num_ss numero_passeport num_cni carte_identite',
    tax_id: 'num_tva numero_tva tva_intracom numero_fiscal',
    demographic: 'sexe nationalite lieu_naissance situation_familiale etat_civil genre',
    bank_account: 'rib iban bic code_banque code_guichet num_compte',
    password_hash: 'mdp mot_de_passe motdepasse',
    username: 'pseudo nom_utilisateur login',
    free_text: 'remarques commentaire observations',
    photo: 'photo photo_profil',
    health: 'groupe_sanguin allergies handicap medecin_traitant numero_mutuelle antecedents traitement_en_cours',
    financial: 'salaire revenu salaire_brut revenus_mensuels',
  },
  kunden: {
    person_name: 'vorname nachname name2 geburtsname ansprechpartner kontoinhaber rufname familienname',
    date_of_birth: 'geburtsdatum gebdat geb_datum geburtstag gebtag geb geb_am',
    postal_address:
      'strasse hausnummer hausnr plz wohnort postleitzahl anschrift adresse postfach adresszusatz strasse_nr',
    phone:
      'telefon telefonnummer tel_privat handy handynummer mobil mobilnummer rufnummer tel_gesch fax faxnummer telefax',
    email: 'email emailadresse e_mail_adresse mailadresse',
    national_id: 'ausweisnummer personalausweisnr reisepassnummer sozialversicherungsnummer sv_nummer svnr ahv_nummer',
    tax_id: 'steuernummer steuer_id steueridnr ust_id ustid ustidnr umsatzsteuer_id',
    demographic: 'geschlecht staatsangehoerigkeit familienstand geburtsort konfession nationalitaet anrede',
    bank_account: 'kontonummer blz bankleitzahl iban kontonr',
    password_hash: 'passwort kennwort',
    username: 'benutzername benutzerkennung anmeldename',
    free_text: 'bemerkung notiz bemerkungen kommentar',
    photo: 'foto profilbild lichtbild passbild',
    health: 'krankenkasse versichertennummer blutgruppe allergien diagnose medikamente vorerkrankungen hausarzt',
    financial: 'gehalt lohn einkommen bruttogehalt grundgehalt',
  },
  clientes: {
    person_name:
      'nombre apellidos apellido1 apellido2 primer_apellido segundo_apellido nombre_completo nombres apellido_paterno apellido_materno primer_nombre contacto_nombre titular',
    date_of_birth: 'fecha_nacimiento fec_nac fechanac f_nacimiento fecha_nac fnacimiento nac',
    postal_address:
      'direccion domicilio calle numero_exterior colonia codigo_postal cp ciudad localidad municipio provincia poblacion barrio apartado_postal',
    phone: 'telefono tlf movil celular telf telefono_fijo tel_casa num_telefono fono',
    email: 'correo correo_electronico email mail',
    national_id:
      'dni nie cedula rut curp documento_identidad num_documento pasaporte nro_documento numero_identificacion nss',
    tax_id: 'nif cif rfc cuit nit ruc cuil cifnif',
    demographic: 'sexo genero nacionalidad estado_civil lugar_nacimiento etnia',
    bank_account: 'cuenta_bancaria numero_cuenta iban clabe cbu num_cuenta',
    password_hash: 'contrasena password contrasenia',
    username: 'nombre_usuario alias_usuario',
    free_text: 'observaciones comentarios notas',
    photo: 'foto fotografia imagen_perfil',
    health: 'grupo_sanguineo alergias enfermedades diagnostico tipo_sangre discapacidad medicamentos',
    financial: 'sueldo salario ingresos sueldo_base salario_diario',
  },
  alunos: {
    person_name: 'nome sobrenome nome_completo nome_mae nome_pai nome_social nm_pessoa nome_responsavel nome_abreviado',
    date_of_birth: 'data_nascimento dt_nasc dt_nascimento data_nasc dtnasc nascimento',
    postal_address: 'endereco logradouro bairro cep cidade municipio numero_endereco rua',
    phone: 'telefone celular fone ddd_telefone tel_celular telefone_residencial nr_telefone',
    email: 'email e_mail ds_email endereco_email',
    national_id: 'rg nr_cpf num_cpf identidade nis pis nr_rg titulo_eleitor certidao_nascimento num_passaporte',
    tax_id: 'cnpj nr_cnpj inscricao_estadual',
    demographic: 'sexo raca cor_raca naturalidade nacionalidade estado_civil religiao etnia',
    bank_account: 'conta_corrente agencia_conta numero_conta chave_pix nr_conta',
    password_hash: 'senha ds_senha senha_hash',
    username: 'ds_login nome_usuario matricula_login',
    free_text: 'observacao observacoes ds_observacao comentario',
    photo: 'foto imagem_perfil',
    health: 'tipo_sanguineo alergia deficiencia doenca laudo_medico cartao_sus medicamento',
    financial: 'salario renda renda_familiar vl_salario',
  },
  clienti: {
    person_name: 'cognome nominativo nome_cognome cognome_nome intestatario',
    date_of_birth: 'data_nascita datanascita dt_nascita',
    postal_address: 'indirizzo provincia_residenza civico numero_civico residenza',
    phone: 'telefono cellulare cell tel numero_telefono fax',
    email: 'email posta_elettronica pec indirizzo_email',
    national_id: 'carta_identita numero_documento passaporto',
    tax_id: 'partita_iva piva p_iva partitaiva',
    demographic: 'sesso luogo_nascita cittadinanza stato_civile nazionalita',
    bank_account: 'iban conto_corrente codice_iban num_conto',
    password_hash: 'password parola_chiave',
    username: 'nome_utente',
    free_text: 'note osservazioni commento annotazioni',
    photo: 'immagine_profilo',
    health: 'gruppo_sanguigno allergie malattie diagnosi tessera_sanitaria medico_curante',
    financial: 'stipendio reddito retribuzione',
  },
  klanten: {
    person_name: 'voornaam achternaam tussenvoegsel naam roepnaam voorletters volledige_naam meisjesnaam',
    date_of_birth: 'geboortedatum geb_datum',
    postal_address: 'straat huisnummer postcode woonplaats plaats adres straatnaam toevoeging',
    phone: 'telefoon telefoonnummer mobiel gsm mobiel_nummer tel_nr',
    email: 'email emailadres mail_adres',
    national_id: 'bsn rijksregisternummer burgerservicenummer paspoortnummer',
    tax_id: 'btw_nummer btwnr',
    demographic: 'geslacht geboorteplaats nationaliteit burgerlijke_staat',
    bank_account: 'rekeningnummer iban banknr',
    password_hash: 'wachtwoord',
    username: 'gebruikersnaam',
    free_text: 'opmerking opmerkingen notitie',
    health: 'huisarts bloedgroep allergieen zorgverzekeraar medicatie',
    financial: 'salaris loon inkomen',
  },
  klienci: {
    person_name: 'imie nazwisko imie_nazwisko imie_ojca nazwisko_rodowe',
    date_of_birth: 'data_urodzenia data_ur',
    postal_address: 'ulica kod_pocztowy miejscowosc nr_domu adres miasto nr_lokalu',
    phone: 'telefon tel_komorkowy nr_telefonu komorka',
    email: 'email adres_email poczta',
    national_id: 'pesel nr_dowodu seria_dowodu numer_paszportu',
    tax_id: 'nip regon',
    demographic: 'plec obywatelstwo miejsce_urodzenia stan_cywilny',
    bank_account: 'nr_konta numer_konta rachunek nr_rachunku',
    password_hash: 'haslo',
    free_text: 'uwagi notatka',
    health: 'grupa_krwi choroby alergie rozpoznanie',
    financial: 'wynagrodzenie pensja',
  },
  kunder: {
    person_name: 'fornavn etternavn efternavn fornamn efternamn mellomnavn fullt_navn',
    date_of_birth: 'fodselsdato fodelsedatum fodselsdag',
    postal_address: 'adresse postnr postnummer gatuadress postadress vej vejnavn husnummer',
    phone: 'telefon mobil mobiltelefon tlf telefonnummer mobilnr',
    email: 'epost e_post epostadresse',
    national_id: 'personnummer fodselsnummer cpr cprnr personnr hetu',
    tax_id: 'orgnr organisasjonsnummer cvr',
    demographic: 'kjonn kon nasjonalitet sivilstand fodested',
    bank_account: 'kontonummer kontonr clearingnummer bankkonto',
    password_hash: 'passord losenord adgangskode',
    free_text: 'merknad anteckning notat bemaerkning',
    financial: 'lonn lon loen',
  },
  musteriler: {
    person_name: 'ad soyad adi soyadi ad_soyad',
    date_of_birth: 'dogum_tarihi',
    postal_address: 'adres ilce mahalle sokak posta_kodu sehir',
    phone: 'telefon cep_telefonu gsm',
    email: 'eposta e_posta',
    national_id: 'tc_kimlik tckn tc_no kimlik_no',
    tax_id: 'vergi_no vkn',
    demographic: 'cinsiyet dogum_yeri uyruk medeni_hal',
    bank_account: 'iban hesap_no',
    password_hash: 'sifre parola',
    username: 'kullanici_adi',
    free_text: 'notlar',
    health: 'kan_grubu alerji teshis',
    financial: 'maas ucret',
  },
  klienty: {
    person_name: 'familiya imya otchestvo fio',
    date_of_birth: 'data_rozhdeniya',
    postal_address: 'adres ulitsa gorod kvartira',
    phone: 'telefon mobilnyj',
    email: 'pochta elektronnaya_pochta',
    national_id: 'snils passport pasport seriya_pasporta',
    tax_id: 'inn',
    demographic: 'pol grazhdanstvo',
    password_hash: 'parol',
    free_text: 'kommentarij primechanie',
    financial: 'zarplata oklad',
  },
  sys_yonghu: {
    person_name: 'xingming xing_ming zhenshi_xingming',
    phone: 'shouji shouji_hao dianhua',
    postal_address: 'dizhi youbian',
    email: 'youxiang',
    national_id: 'shenfenzheng shenfenzheng_hao',
    demographic: 'xingbie minzu',
    password_hash: 'mima',
    username: 'yonghuming',
    date_of_birth: 'chusheng_riqi shengri',
  },
  zakaznici: {
    person_name: 'jmeno prijmeni krestni_jmeno',
    date_of_birth: 'datum_narozeni',
    postal_address: 'ulice mesto psc adresa cislo_popisne',
    phone: 'telefon mobil',
    email: 'email',
    national_id: 'rodne_cislo cislo_op',
    tax_id: 'ico dic',
    demographic: 'pohlavi',
    password_hash: 'heslo',
    free_text: 'poznamka',
  },
  asiakkaat: {
    person_name: 'etunimi sukunimi nimi',
    date_of_birth: 'syntymaaika syntymapaiva',
    postal_address: 'osoite katuosoite postinumero postitoimipaikka kaupunki',
    phone: 'puhelin puhelinnumero matkapuhelin',
    email: 'sahkoposti',
    national_id: 'henkilotunnus hetu',
    password_hash: 'salasana',
    free_text: 'huomautus',
  },
  ugyfelek: {
    person_name: 'vezeteknev keresztnev teljes_nev',
    date_of_birth: 'szuletesi_datum szuletesi_ido',
    postal_address: 'iranyitoszam varos utca',
    phone: 'telefonszam',
    email: 'email_cim',
    national_id: 'szemelyi_szam taj_szam',
    tax_id: 'adoszam',
    password_hash: 'jelszo',
    free_text: 'megjegyzes',
  },
  clienti_ro: {
    person_name: 'prenume',
    date_of_birth: 'data_nasterii',
    postal_address: 'adresa strada judet cod_postal',
    phone: 'telefon',
    national_id: 'cnp serie_buletin',
    tax_id: 'cui cod_fiscal',
    password_hash: 'parola',
  },
  pelates: {
    person_name: 'onoma eponymo',
    date_of_birth: 'imerominia_gennisis',
    postal_address: 'diefthinsi',
    phone: 'tilefono kinito',
    tax_id: 'afm',
    national_id: 'amka',
  },
  pelanggan: {
    person_name: 'nama nama_lengkap nama_depan nama_belakang',
    date_of_birth: 'tanggal_lahir tgl_lahir',
    postal_address: 'alamat kelurahan kecamatan kode_pos kota',
    phone: 'no_hp telepon no_telp nomor_telepon',
    email: 'surel email',
    national_id: 'nik no_ktp nomor_ktp',
    tax_id: 'npwp',
    demographic: 'jenis_kelamin agama tempat_lahir',
    bank_account: 'no_rekening nomor_rekening',
    password_hash: 'kata_sandi',
    financial: 'gaji',
  },
  khach_hang: {
    person_name: 'ho_ten hoten ten_khach_hang ho_va_ten',
    date_of_birth: 'ngay_sinh ngaysinh',
    postal_address: 'dia_chi diachi',
    phone: 'so_dien_thoai sdt dien_thoai',
    national_id: 'cmnd cccd so_cmnd',
    demographic: 'gioi_tinh gioitinh',
    password_hash: 'mat_khau matkhau',
    tax_id: 'ma_so_thue mst',
    financial: 'luong',
  },
  employees: {
    person_name:
      'fname lname mname frst_nm lst_nm full_nm emp_nm givn_name surnm first_nm last_nm middle_init maiden_nm emgcy_contact_nm spouse_nm preferred_name legal_first_name',
    date_of_birth: 'dob birth_dt bdate brth_dt birth_yr d_o_b birthdt',
    postal_address:
      'addr addr1 addr_ln1 addr_line_2 str_addr street_nm zip zip_cd zipcd postal_cd city_nm city cty_nm county home_addr address_line1 apt_no po_box suburb',
    phone:
      'ph ph_no phone_nbr tel_nbr mob_no mobile_nbr cell_ph home_ph wk_phone phn contact_no contact_nbr emergency_phone',
    email: 'eml email_addr email_txt e_mail_addr mail_addr emailid email_id',
    national_id:
      'ssn ssn_nbr soc_sec_no nat_id natl_id nino passport_no drivers_lic_no dl_no dl_number lic_plate national_identifier govt_id aadhar emirates_id',
    tax_id: 'tin tax_no tax_nbr vat_reg_no ein fein',
    demographic:
      'sex gndr gender_cd eth_cd ethnicity race_cd marital_st mar_status religion citizenship nationality_cd sexual_orientation veteran_status place_of_birth',
    bank_account: 'bank_acct_no routing_no sort_code acct_num bsb_number ifsc_code bank_acct',
    payment_card: 'cc_num card_nbr cc_no pan ccnumber card_num',
    password_hash: 'pwd passwd pass_hash pswd pw_hash passwd_hash user_pass pwd_hash',
    username: 'usr_nm login_nm logon_id uname screen_name',
    secret: 'api_tok acc_tok auth_key otp_seed mfa_secret reset_tok sess_tok priv_key recovery_codes',
    health:
      'blood_grp blood_typ allergies diag_cd med_cond med_hist disability_cd mrn medications dietary_requirements',
    financial: 'sal salary_amt base_sal hourly_rate pay_rate annual_salary net_worth credit_score',
    geo: 'lat lng gps_lat home_latitude longitude',
    ip_address: 'ip ip_addr last_login_ip client_ip remote_addr reg_ip',
    device_id: 'imei mac_addr device_uuid idfa android_id udid useragent',
    photo: 'photo_url avatar profile_pic headshot',
    free_text: 'notes remarks comments bio about_me',
  },
};

describe('names in many languages', () => {
  it.each(Object.entries(TABLES))('of %s', (table, classes) => {
    const missed = Object.entries(classes).flatMap(([expected, names]) =>
      names
        .split(' ')
        .filter((name) => classOf(table, ['id'], name, TYPES[expected] ?? 'text') !== expected)
        .map((name) => `${name}: ${expected}`),
    );
    expect(missed).toEqual([]);
  });

  it('does not find them inside of other words', () => {
    const clear = 'refspec formel termines random domain update kingdom numeric import export format'.split(' ');
    expect(clear.filter((name) => classOf('t', ['id'], name, 'text') !== undefined)).toEqual([]);
  });

  it('takes off what most columns of a table share', () => {
    const adherents = ['id_adh', 'ddn_adh', 'ville_adh', 'gsm_adh', 'num_adh'];
    expect(classOf('galette_adherents', adherents, 'nom_adh', 'text')).toBe('person_name');
    expect(classOf('shipto', ['shiptoid', 'shiptocity', 'shiptofax'], 'shiptophone', 'text')).toBe('phone');
  });

  it('takes no flag for what it is called', () => {
    expect(classOf('students', ['id'], 'mail', 'character varying(1)')).toBeUndefined();
    expect(classOf('students', ['id'], 'mail', 'character varying(80)')).toBe('email');
  });

  it('takes no key of another table for a number of a person', () => {
    expect(classOf('t', ['id'], 'id_document', 'integer')).toBeUndefined();
    expect(classOf('t', ['id'], 'mailing_address', 'integer')).toBeUndefined();
  });
});
