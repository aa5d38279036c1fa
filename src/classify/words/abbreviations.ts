/** What schemas shorten: `EMP_FRST_NM`, `BRTH_DT`, `gender_source_value`. Read in full where the short form says nothing. */
import { phrases } from './name-rule.ts';

const EXPANDED: ReadonlyMap<string, string> = new Map(
  phrases(
    `nm=name, nme=name, frst=first, fst=first, mid=middle, mi=middle initials, givn=given, surnm=surname, maid=maiden, pref=preferred,
    nbr=number, nmbr=number, numb=number, num=number, nr=number, nro=number, cd=code, cde=code, dt=date, dte=date, typ=type, grp=group, cty=city, cnty=county, st=state, prov=province, zipcd=zip,
    adr=address, addrs=address, addres=address, adress=address, strt=street, ln=line, ph=phone, phn=phone, phne=phone, fon=phone, mob=mobile, mbl=mobile, emgcy=emergency, emerg=emergency, emgy=emergency,
    eml=email, mailid=email, brth=birth, bth=birth, gndr=gender, gend=gender, mar=marital, marit=marital, natl=national, nat=national, ntnl=national, cit=citizenship, eth=ethnicity, ethn=ethnicity, relig=religion,
    ins=insurance, insur=insurance, lic=license, licen=license, drvr=driver, ident=id, idn=id number, identifier=id, pssprt=passport, acct=account, accnt=account, acc=account, bnk=bank, rout=routing, crd=card, cc=credit card,
    sal=salary, slry=salary, comp=compensation, bld=blood, bl=blood, med=medical, hist=history, cond=condition, diag=diagnosis, dx=diagnosis, meds=medication, allrgy=allergy, alrgy=allergy,
    cred=credential, authz=authorization, authn=authentication, logon=login, lgn=login, pswd=password, psswd=password, cmt=comment, cmnt=comment, cmnts=comment, nts=note, desc=description, descr=description, dscr=description, txt=text, rmk=remark, rmks=remark, sig=signature, img=image, pic=picture, hm=home, wk=work, wrk=work, ctc=contact, cntct=contact, ctct=contact`,
  ).map((pair) => pair.split('=') as [string, string]),
);

/** Before what it is of: alone it is a flag or a key. */
const WHOSE: ReadonlyMap<string, string> = new Map(
  phrases(
    'cust=customer, empl=employee, emp=employee, ee=employee, pt=patient, pat=patient, stud=student, stdnt=student, spse=spouse, sps=spouse, fthr=father, mthr=mother, usr=user',
  ).map((pair) => pair.split('=') as [string, string]),
);

/** What says only where a value comes from or how it is written down. */
const WRITTEN = / (?:(?:source|raw|reported) value|as (?:number|string|text))$/u;

/** `gender_source_value` is a gender. */
export function unwritten(words: readonly string[]): readonly string[] {
  const last = words.at(-1);
  // A column for one field alone: `field_first_name_value`.
  if (words.length > 2 && words[0] === 'field' && last === 'value') return words.slice(1, -1);
  if (words.length < 3 || (last !== 'value' && words.at(-2) !== 'as')) return words;
  return words.join(' ').replace(WRITTEN, '').split(' ');
}

/** The name in full, or undefined where nothing of it is short. */
export function inFull(words: readonly string[]): readonly string[] | undefined {
  // `num_users` counts.
  if (words[0] === 'num' || words[0] === 'nbr') return undefined;
  // The code of a country.
  if (words.some((word, at) => word === 'cc' && /^(?:phone|telephone|tel|mobile|cell|fax)$/u.test(words[at - 1] ?? '')))
    return undefined;
  const short = words.join(' ');
  const long = words
    .map((word, at) => (at < words.length - 1 ? WHOSE.get(word) : undefined) ?? EXPANDED.get(word) ?? word)
    .join(' ');
  return long === short ? undefined : long.split(' ');
}
