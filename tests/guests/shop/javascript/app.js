import { Line, write } from 'gusset:shop/log';
const goods = new Map([['apple', [3, ['fruit']]], ['bread', [7, ['food', 'fresh']]], ['cider', [12, []]]]);
class Basket {
  constructor(owner) { this.owner = owner; this.have = new Map(); }
  add(name, count) {
    if (!goods.has(name)) throw { tag: 'not-found', val: name };
    if (count > 9) throw { tag: 'too-many', val: count };
    const l = new Line(`${this.owner} takes ${count} ${name}`);
    write(l);
    this.have.set(name, (this.have.get(name) ?? 0) + count);
    return this.have.get(name);
  }
  items() { return [...this.have].map(([n, k]) => ({ name: n, price: goods.get(n)[0] * k, tags: goods.get(n)[1] })); }
  best() { const i = this.items(); return i.length ? i.reduce((a, b) => a.price >= b.price ? a : b) : undefined; }
  static merge(a, b) { for (const [n, k] of b.have) a.have.set(n, (a.have.get(n) ?? 0) + k); return a; }
}
export const catalog = {
  Basket,
  find(pattern, order, marks) { return [...goods].filter(([n]) => n.includes(pattern)).map(([n, [p, t]]) => ({ name: n, price: p, tags: t })); },
  describe(p) { return p.tag === 'closed' ? 'closed' : `${p.tag}: ${p.val}`; },
};
