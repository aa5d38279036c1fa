/** Devices and where they speak from. */
import { type NameRule, phrases } from './name-rule.ts';

export const DEVICE_RULES: readonly NameRule[] = [
  {
    class: 'device_id',
    sole: true,
    besideName: ['ip', 'ip address', 'remote addr'],
    phrases: ['system info', 'systeminfo', 'browser info', 'client info'],
    kinds: ['text', 'json'],
  },
  {
    class: 'device_id',
    phrases: phrases(
      'last browser, login browser, session browser, attempt browser, client browser, visitor browser, browser string, browser info, browser detail, browser agent',
    ),
    kinds: ['text'],
  },
  {
    class: 'ip_address',
    headFirst: true,
    phrases: ['ip logado', 'ip acesso', 'ip acceso', 'ip usuario', 'ip connexion'],
    kinds: ['text'],
  },
  {
    class: 'ip_address',
    headFirst: true,
    phrases: [
      'ip registration',
      'ip inscription',
      'adresse ip',
      'direccion ip',
      'indirizzo ip',
      'endereco ip',
      'adres ip',
    ],
    kinds: ['text', 'network'],
  },
  {
    class: 'ip_address',
    phrases: phrases(
      `ip, regip, ip address, ip addr, ipaddr, ipaddress, ip number, ip no, ipv4, ipv6, ipv4 address, ipv6 address, ip v4, ip v6, remote ip, remote addr, remote address, remote host, client ip, client address, client addr, client host, peer address, peer ip, user ip, x forwarded for, forwarded for, xff, real ip, x real ip, source ip, src ip, source address, dst ip, destination ip, dest ip, last ip, last login ip, login ip, registration ip, signup ip, sign up ip, create ip, current sign in ip, last sign in ip, host ip, server ip, origin ip, visitor ip, posting ip, edit ip, ip hash, anonymized ip, ip anonymous, ip long, ip int, ip bin, ip binary, inet addr, ip adresse, ipadresse, adresse ip, direccion ip, endereco ip, indirizzo ip, adres ip, ip adres, ip adresi, ip dizhi, ip text, ip value, ip adres, ip1, remote ip address, author ip, poster ip, sender ip`,
    ),
  },
  {
    class: 'ip_address',
    phrases: ['address', 'addr', 'host', 'remote', 'client', 'source', 'origin', 'peer', 'inet'],
    kinds: ['network'],
  },
  // `ip_blocklist.address`
  {
    class: 'ip_address',
    alone: true,
    aboutTable: phrases(
      'ip block, ip blocklist, ip blacklist, ip ban, ip whitelist, ip allowlist, banned ip, blocked ip, allowed ip, ip rule, ip log, ip change, ip limit, ip filter, ip history',
    ),
    phrases: ['address', 'addr', 'hex', 'value'],
    kinds: ['text', 'bytes'],
  },
  // Where somebody called from.
  {
    class: 'ip_address',
    sole: true,
    aboutTable: ['session', 'watchdog', 'comment', 'login', 'visitor', 'vote', 'signin', 'sign in', 'flood'],
    beside: ['uid', 'user', 'sid', 'referer', 'referrer', 'mail', 'email'],
    notBeside: ['port', 'domain'],
    phrases: ['hostname', 'host name'],
    kinds: ['text'],
  },
  // Of when: `ip_last_login`.
  {
    class: 'ip_address',
    phrases: phrases(
      'ip last login, ip previous login, ip last, ip first, ip created, ip registered, ip signup, ip login, ip logged, ip modified, ip confirmed, ip subscribed, ip joined, ip from, ip user, ip client',
    ),
    kinds: ['text', 'bytes'],
  },
  {
    class: 'device_id',
    sole: true,
    aboutTable: ['user agent', 'useragent'],
    phrases: ['name', 'value', 'string', 'agent', 'raw', 'header'],
    kinds: ['text'],
  },
  // Of a browser, beside where it called from.
  { class: 'device_id', alone: true, besideHead: ['ip'], notNamedBeside: true, phrases: ['agent'], kinds: ['text'] },
  {
    class: 'device_id',
    phrases: phrases(
      `device id, device identifier, device library identifier, device uuid, device uid, device udid, udid, deviceid, device unique id, device fingerprint, device hash, device serial, device serial number, imei, imei number, imei no, imei1, meid, esn, imsi, iccid, sim number, sim serial, sim iccid, mac, mac address, mac addr, macaddr, macaddress, hardware address, hw address, ether address, bluetooth address, bluetooth mac, wifi mac, bssid, idfa, idfv, gaid, aaid, advertising id, ad id, advertiser id, android id, hardware id, hwid, machine id, machine fingerprint, browser fingerprint, login device, signin device, id visitor, ua string, uastring, msin, browser id, browser guid, browser uuid, visitor guid, visitor uuid, visitor hash, client guid, browser hash, client fingerprint, visitor fingerprint, fingerprint visitor, visitor id, anonymous id, client uuid device, user agent, useragent, uagent, http user agent, browser user agent, user agent string, ua, ua string, device info, device data, device name, device description, device label, device detail, onesignal id, push id, vendor device id, tracking id user, geraet id, geraete id, identificador dispositivo, id dispositivo, identifiant appareil, vin, vin number, vehicle identification number, chassis number, ssid, visitor token, distinct id, ahoy visit, visit token`,
    ),
    kinds: ['text', 'bytes', 'json', 'mac', 'integer', 'numeric', 'other'],
  },
  // Of a program on a device; else something that was installed into another.
  {
    class: 'device_id',
    phrases: ['installation id', 'install id'],
    beside: ['device', 'platform', 'os', 'push', 'app', 'locale'],
    kinds: ['text', 'uuid'],
  },
  {
    class: 'device_id',
    notTopics: ['money'],
    phrases: ['cookie id', 'cookie uuid', 'visitor cookie'],
    kinds: ['text', 'bytes', 'uuid'],
  },
  {
    class: 'device_id',
    phrases: phrases(
      `device uuid, device identifier, device fingerprint, idfa, idfv, gaid, aaid, advertising id, android id, hardware id, udid, anonymous id, visitor token, visit token`,
    ),
    kinds: ['uuid'],
  },
  {
    class: 'device_id',
    alone: true,
    notTopics: ['media', 'credential', 'money'],
    beside: ['ip', 'browser', 'hostname', 'device', 'platform', 'machine'],
    notBeside: ['certificate', 'stacktrace', 'exception', 'key', 'error'],
    phrases: ['fingerprint'],
    kinds: ['text', 'uuid'],
  },
  {
    class: 'device_id',
    sole: true,
    aboutTable: ['device', 'handset', 'vehicle', 'appareil', 'dispositivo', 'geraet'],
    notTopics: ['credential'],
    phrases: ['unique id', 'uniqueid', 'unique identifier'],
    kinds: ['text'],
  },
  {
    class: 'device_id',
    alone: true,
    topics: ['session'],
    phrases: ['fingerprint', 'agent', 'serial', 'serial number', 'identifier', 'udid'],
    kinds: ['text', 'uuid'],
  },
  // How people call their devices: `Anna's phone`.
  {
    class: 'device_id',
    alone: true,
    topics: ['session'],
    beside: ['push', 'token', 'imei', 'mac', 'udid', 'fingerprint'],
    phrases: ['name'],
    kinds: ['text'],
  },
];
