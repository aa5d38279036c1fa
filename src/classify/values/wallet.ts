/** Where money of a chain lies, in the forms that nothing else has: Bitcoin's bech32, Ethereum. */
export function isWallet(value: string): boolean {
  return /^0x[0-9a-f]{40}$/i.test(value) || /^(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{25,71}$/.test(value);
}
