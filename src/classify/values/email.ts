const ADDRESS =
  /^(?:[^<>@"]{0,80}<)?(?:mailto:)?[\p{L}\p{N}._%+'&=!#$*/?^`{|}~-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}>?$/u;
/** What reverse() makes of one. */
const REVERSED = /^[a-z]{2,24}\.(?:[a-z0-9-]+\.?)+@[a-z0-9._%+-]{1,64}$/i;
/** Domains that mails end in, backwards, so that `user@host.name` is not taken for a reversed one. */
const BACKWARDS =
  /^(?:moc|ten|gro|ude|vog|ed|rf|ku\.oc|oi|elpmaxe|tset|dilavni|ofni|ue|ln|se|ti|lp|rb\.moc|ni|hc|ta|pj\.oc)\./i;

export function isEmail(value: string): boolean {
  const at = value.indexOf('@');
  return at > 0 && value.length <= 320 && ADDRESS.test(value);
}

export function isReversedEmail(value: string): boolean {
  return value.length <= 320 && value.includes('@') && BACKWARDS.test(value) && REVERSED.test(value);
}
