// Five threads run one function. The program ends when the last of them has.
import { Thread } from 'manycore/threading';

function worker(): void {
  console.log('Worker');
}

for (let i = 0; i < 5; i++) {
  const thread = new Thread({ target: worker });
  thread.start();
}
