/** How a person is reached: mail, telephone, post, and where they are. */
import { type NameRule, phrases } from './name-rule.ts';

export const CONTACT_RULES: readonly NameRule[] = [
  {
    class: 'email',
    phrases: phrases(`email, e mail, mail, email address, e mail address, mail address, mail addr, email addr, 
      eml, mailbox address, email cc, mail cc, email bcc, mail bcc, mail from address, email from address, from email, reply to email, email change, auto bcc, bcc, bcc email, cc email, email alias, courriel, mel, recipient address, sender address, mail from, mail to, postmaster address, bounce address, return path address, email sent to, mail sent to, verified identifier, invitee email, rcpt to, email to, email from,
      reply to, reply to address, email adresse, e mail adresse, mail adresse, paypal email, notify email, email recipient,
      メール, メールアドレス, 邮箱, 电子邮件, 电子邮箱, 電子郵件, 이메일, почта`),
  },
  {
    class: 'email',
    headFirst: true,
    phrases:
      phrases(`correo, correo electronico, adresse mail, adresse email, adresse electronique, endereco email, indirizzo email,
      indirizzo mail, direccion correo, posta elettronica, poczta, adres email, adres mail, eposta, e posta, epost, e post,
      elektronnaya pochta, pochta, youxiang, meru`),
  },
  // An identifier of a mail where there is an address beside it.
  { class: 'email', phrases: ['email id', 'emailid', 'mail id'], notBeside: ['email', 'mail'], kinds: ['text'] },
  // Ways to reach somebody, one a row.
  {
    class: 'email',
    sole: true,
    aboutTable: [
      'recovery address',
      'verifiable address',
      'email address',
      'contact method',
      'contact point',
      'contact detail',
      'contact info',
      'contact email',
      'user email',
      'telecom',
    ],
    phrases: ['value'],
    kinds: ['text'],
  },
  // What changes in a table of changed addresses.
  {
    class: 'email',
    alone: true,
    aboutTable: ['email update', 'email change', 'email history', 'email reset', 'email request'],
    phrases: phrases('original, replacement, old, new, previous, from, to, requested'),
    kinds: ['text'],
  },
  // The columns of a mail itself.
  {
    class: 'email',
    alone: true,
    topics: ['message'],
    phrases: phrases('to, from, cc, bcc, recipient, sender, envelope from, envelope to, from address, to address'),
    kinds: ['text', 'json'],
  },
  {
    class: 'phone',
    phrases:
      phrases(`phone, telephone, tel, tele, telno, telnr, phone number, phone no, phone num, phone nr, telephone number,
      telephone no, tel no, tel nr, tel number, mobile, mobile number, mobile no, mobile nr, mob, mob no, mobile phone, cell, cellphone,
      cell phone, cell number, cell no, fax, fax number, fax no, telefax, landline, msisdn, whatsapp, whatsapp number, sms number, sms reminder number, reminder number,
      home no, office no, work no, home number, work number, office number, day phone, sms to, sms verification number, verification number, verification phone, phone change, contact number, contact no, e164, phone e164, handphone, hp number, pager, telefon, telefonnummer, telefon nummer,
      telefon nr, mobil, mobilnummer, mobil nummer, handy, handynummer, handy nummer, festnetz, telefoon, telefoonnummer,
      mobiel, mobiele nummer, mobiltelefon, komorka, ph no, phone ext, phone extension, ph number, caller number, called number, callback number,
      電話, 電話番号, 携帯, 携帯番号, 手机, 手机号, 手机号码, 电话, 电话号码, 전화번호, 휴대폰, телефон`),
  },
  {
    class: 'phone',
    headFirst: true,
    phrases:
      phrases(`telefono, telefone, numero telefone, numero telefono, celular, cellulare, movil, telemovel, numero celular,
      numero movil, numero telephone, tel portable, numero portable, telefon numarasi, cep telefonu, cep tel, nomer telefona,
      numer telefonu, mobilnyy telefon, denwa, denwa bango, keitai, keitai bango, shouji, shoujihao, dianhua, dianhua haoma,
      telefonszam, puhelin, puhelinnumero`),
  },
  {
    class: 'postal_address',
    notTopics: ['place', 'thing'],
    phrases:
      phrases(`address, addr, street, street address, street addr, street name, street number, street no, street nr, street line, address line,
      addr line, adr line, address street, mailing address, postal address, home address, residential address, delivery address, shipping address, billing address,
      house number, house no, house nr, house name, apartment, apartment number, apt, apt no, apt number, suite number, flat number, flat no,
      unit number, building number, zip, zipcode, zip code, postcode, post code, postal code, postalcode, pin code, pincode, po box,
      pobox, p o box, residence, strasse, str nr, hausnummer, haus nr, hausnr, plz, postleitzahl, anschrift, adresse, wohnort,
      straat, straatnaam, huisnummer, huis nr, woonplaats, gata, gatuadress, postnummer, postnr, postort, vej, vejnavn, gade,
      ulica, nr domu, nr mieszkania, nr lokalu, sokak, cadde, ulitsa, dom nomer, nomer doma, kvartira, jusho, yubin bango, dizhi,
      location address, full address, formatted address, address text, address formatted, street one, street two, suburb, district of residence, 
      住所, 郵便番号, 地址, 邮编, 邮政编码, 주소, 우편번호, адрес, индекс`),
  },
  {
    class: 'postal_address',
    headFirst: true,
    notTopics: ['place', 'thing'],
    phrases:
      phrases(`direccion, domicilio, calle, codigo postal, cod postal, numero exterior, numero interior, colonia, endereco, logradouro, rua,
      cep, bairro, complemento endereco, indirizzo, via residenza, cap residenza, civico, numero civico, code postal, rue,
      numero rue, adresse postale, adresse domicile, residence principale, adres, kod pocztowy, posta kodu, pochtovyy indeks, pochtovyi indeks, morada`),
  },
  // Parts that are harmless alone, as in a table of city.
  {
    class: 'postal_address',
    notTopics: ['place', 'thing', 'company'],
    topics: ['person', 'money', 'session'],
    phrases: phrases(`city, town, locality, municipality, village, address city, city name,             city      
      address   state   admin     ort, stadt, stad, plaats, sted, by navn, miasto, miejscowosc, sehir,   ilce, gorod, ciudad,
      ciudad residencia, cidade, citta, comune, ville, commune, localite,   municipio,     localidad, poblacion, shi ku machi mura, todofuken, shikuchoson,  
      都道府県, 市区町村, 城市, 省份,   市, 도시, город`),
    kinds: ['text'],
  },
  {
    class: 'postal_address',
    beside: [
      'zip',
      'zipcode',
      'postcode',
      'postal',
      'street',
      'plz',
      'strasse',
      'postalcode',
      'cep',
      'rue',
      'calle',
      'indirizzo',
      'direccion',
      'logradouro',
      'endereco',
      'city',
      'address1',
      'postnummer',
      'cap',
      'latitude',
      'lat',
    ],
    notTopics: ['place', 'thing'],
    alone: true,
    phrases: phrases(
      'line, line one, city, town, state, region, area, district, country area, city area, state name, province name, county name, address state, state province, admin area, provincia, estado, uf, prefecture, quarter, il, county district, city village, province, county, ort, stadt, stad, miasto, ciudad, cidade, citta, ville, city name, locality, suburb, municipality, cidade, sehir, by',
    ),
    kinds: ['text'],
  },
  {
    class: 'postal_address',
    alone: true,
    topics: ['person', 'session'],
    phrases: phrases(
      'location, home town, hometown, living place, place of residence, lives in, residence city, home city, current city',
    ),
    kinds: ['text', 'json'],
  },
  {
    class: 'geo',
    notTopics: ['place', 'thing', 'company'],
    phrases:
      phrases(`latitude, longitude, lat, lng, lon, long, latlng, lat lng, lat lon, lat long, latlong, geo, geo point, geopoint, geolocation, geo location, geo lat, geo lng, geo lon,
      coordinate, coord, gps, gps coordinate, gps lat, gps lng, gps lon, gps location, gps position, last location, geohash, geo hash, position lat, position lng,
      home location, current location, last position, what3words, breitengrad, laengengrad, latitud, longitud, latitudine, longitudine, shirota, dolgota, geocode, lonlat, lnglat, geo data, geo info,
      location lat, location lng, location lon, location coordinate, location point, plus code, 緯度, 経度, 纬度, 经度`),
  },
  {
    class: 'geo',
    notTopics: ['place', 'thing', 'company'],
    phrases: phrases('location, position, point, place, geom, the geom, geometry, whereabouts, geog, home, pos'),
    kinds: ['geometry'],
  },
];
