// Accounts in JavaScript.
let living = 0;

class Account {
  constructor(owner, balance) {
    living += 1;
    this.owner = owner;
    this.start = balance;
    this.closed = false;
    this.written = [];
  }
  [Symbol.dispose]() { living -= 1; }
  balance() { return this.written.reduce((sum, entry) => sum + BigInt(entry.amount), this.start); }
  enter(entry) {
    if (this.closed) throw { tag: 'closed' };
    if (entry.text === '') throw { tag: 'unknown', val: `an entry of ${this.owner} says nothing` };
    const balance = this.balance() + BigInt(entry.amount);
    if (balance < 0n) throw { tag: 'overdrawn', val: -balance };
    this.written.push(entry);
    return balance;
  }
  entries(order, kinds) {
    const found = this.written.filter(entry => entry.amount >= 0 ? kinds.income : kinds.expense);
    return order === 'by-amount' ? found.sort((a, b) => a.amount - b.amount) : found;
  }
  largest() {
    const size = entry => Math.abs(entry.amount);
    return this.written.reduce((best, entry) => best !== undefined && size(best) >= size(entry) ? best : entry, undefined);
  }
  close() {
    if (this.closed) throw { tag: 'closed' };
    this.closed = true;
    return this.balance();
  }
  static merge(into, from) {
    into.written.push(...from.written);
    return into;
  }
}

export const accounts = {
  Account,
  open: owners => owners.map(owner => new Account(owner, 0n)),
  total: accounts => accounts.reduce((sum, account) => sum + account.balance(), 0n),
  describe(problem) {
    switch (problem?.tag) {
      case undefined: return [0, 'none'];
      case 'overdrawn': return [1, `overdrawn by ${problem.val}`];
      case 'unknown': return [2, `unknown: ${problem.val}`];
      default: return [3, 'closed'];
    }
  },
  split: text => text.split(/\s+/).filter(word => word !== ''),
  alive: () => living,
  fail(message) { throw new Error(message); },
};
