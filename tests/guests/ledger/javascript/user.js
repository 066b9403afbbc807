// Uses accounts from JavaScript.
import { Account, open, total, describe, split, alive, fail } from 'gusset:ledger/accounts';

const shown = entry => entry === undefined ? 'nothing' : `${entry.text} ${entry.amount} [${entry.tags.join(',')}]`;

function problem(error) {
  const [number, text] = describe(error);
  return `problem ${number}: ${text}`;
}

// What failed in the provider is thrown with its problem as the payload.
function attempt(action) {
  try {
    return action();
  } catch (error) {
    if (error.payload === undefined) throw error;
    return problem(error.payload);
  }
}

const enter = (account, text, amount, ...tags) => attempt(() => account.enter({ text, amount, tags })) + '';
const close = account => attempt(() => `closed with ${account.close()}`);

export function transcript() {
  const lines = [];
  const entered = (account, text, ...rest) => lines.push(`${text}: ${enter(account, text, ...rest)}`);
  const ada = new Account('Ada', 0n);
  entered(ada, 'wage', 1200, 'work', 'may');
  entered(ada, 'rent', -700, 'home');
  entered(ada, 'car', -800);
  entered(ada, '', 1);
  lines.push(...ada.entries('by-amount', { income: true, expense: true }).map(shown));
  lines.push(`${ada.entries('as-written', { expense: true }).length}`);
  lines.push(`${ada.entries('as-written', {}).length}`);
  lines.push(shown(ada.largest()));

  const [grace, barbara] = open(['Grace', 'Barbara']);
  lines.push(shown(grace.largest()));
  entered(barbara, 'book', 30, 'a', 'b');
  const rich = new Account('Größe 🦀', 9007199254740992n);
  entered(rich, 'größe 🦀', 1, 'ü', '', 'x'.repeat(300));
  lines.push(shown(rich.largest()));
  lines.push(`total ${total([ada, grace, barbara, rich])} of ${alive()}`);
  const both = Account.merge(ada, barbara);
  lines.push(`total ${total([both, barbara, both])}`);
  lines.push(shown(both.entries('as-written', { income: true }).at(-1)));
  barbara[Symbol.dispose]();
  lines.push(`alive ${alive()}`);
  lines.push(close(both), close(both));
  entered(both, 'late', 1);
  both[Symbol.dispose]();
  grace[Symbol.dispose]();
  rich[Symbol.dispose]();
  lines.push(`alive ${alive()}`);

  lines.push(split('  über den\tWolken \n muss ').join('|'));
  lines.push(`${split('').length}`);
  lines.push(problem(undefined));
  lines.push(problem({ tag: 'unknown', val: 'é' }));
  for (let number = 0; number < 50; number++) {
    const account = new Account(`${number}`, 0n);
    account.enter({ text: 'x', amount: number, tags: Array(number).fill(`${number}`) });
    account[Symbol.dispose]();
  }
  lines.push(`alive ${alive()}`);
  return lines;
}

export function askToFail(message) {
  fail(message);
}
