import assert from 'node:assert/strict';
import {
  CancelledError,
  ContextVar,
  copyContext,
  createTask,
  Future,
  ExceptionGroup,
  KeyboardInterrupt,
  run,
  sleep,
  type Task,
  TaskGroup,
} from '../../src/asyncio/index.ts';
import { deferred } from '../../src/base/deferred.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

const cleansUpInto = (message: string) => async (): Promise<void> => {
  try {
    await forever();
  } finally {
    boom(message);
  }
};
const failSoon =
  (message = 'boom') =>
  async (): Promise<never> => {
    await step();
    return boom(message);
  };
const messages = (error: unknown): string[] => (error as ExceptionGroup).errors.map((one: Error) => one.message).toSorted();

test('a group ends when all its tasks have, and gives what its body gives [TGR-01]', async () => {
  const order: string[] = [];
  let inner: Task<number> | undefined;
  const value = await TaskGroup.run(async (group) => {
    group.createTask(async () => {
      await step();
      inner = group.createTask(async () => {
        await step();
        order.push('grandchild');
        return 42;
      });
    });
    await step();
    group.createTask(async () => void order.push('child'));
    return 'value';
  });
  assert.equal(value, 'value');
  assert.deepEqual(order.toSorted(), ['child', 'grandchild']);
  assert.equal(inner?.result(), 42);
});

test('a child that is cancelled on its own does not disturb the group [TGR-03]', async () => {
  await TaskGroup.run(async (group) => {
    const first = group.createTask(forever);
    first.cancel();
    const second = group.createTask(() => sleep(1, 11));
    assert.equal(await second, 11);
    assert.equal(first.cancelled, true);
  });
});

test('a child that fails cancels its brothers and the body; the errors come out as a group [TGR-04 TGR-05 TGR-06]', async () => {
  let bodyCut = 0;
  let after = false;
  let brother: Task | undefined;
  const task = createTask(async () => {
    await TaskGroup.run(async (group) => {
      for (let i = 0; i < 3; i++) group.createTask(failSoon(`boom ${i}`));
      brother = group.createTask(forever);
      try {
        await forever();
      } catch (error) {
        bodyCut++;
        throw error;
      }
    });
    after = true;
  });
  // They fail in one step; those that the first failure has reached in time are cancelled, and are not in the group.
  await rejects(task, (error: ExceptionGroup) => {
    assert.ok(error instanceof ExceptionGroup && error.errors.every((one) => one instanceof Boom));
    return messages(error)[0] === 'boom 0';
  });
  assert.deepEqual([bodyCut, after, brother?.cancelled], [1, false, true]);
});

test('a cancellation from outside cancels all children, and comes out', async () => {
  let cut = 0;
  const task = createTask(() =>
    TaskGroup.run(async (group) => {
      for (let i = 0; i < 5; i++)
        group.createTask(async () => {
          try {
            await forever();
          } finally {
            cut++;
          }
        });
    }),
  );
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  assert.deepEqual([cut, task.cancelled], [5, true]);
});

test('body and children may clean up with awaits when they are cancelled, and fail in it [TGR-08 TGR-09 TGR-13]', async () => {
  let cleaned = false;
  const task = createTask(() =>
    TaskGroup.run(async (group) => {
      for (let i = 0; i < 5; i++) group.createTask(cleansUpInto(`boom ${i}`));
      try {
        await forever();
      } finally {
        await sleep(1);
        cleaned = true;
      }
    }),
  );
  await step();
  task.cancel();
  await rejects(task, (error: ExceptionGroup) => messages(error).length === 5);
  assert.equal(cleaned, true);
});

test('an error of the body cancels all children and is in the group [TGR-10 TGR-14 TGR-15]', async () => {
  let child: Task | undefined;
  const ofBody = TaskGroup.run(async (group) => {
    child = group.createTask(forever);
    boom();
  });
  await rejects(ofBody, (error: unknown) => messages(error).join() === 'boom');
  assert.equal(child?.cancelled, true);
  const replaced = createTask(() => TaskGroup.run(cleansUpInto('instead')));
  await step();
  replaced.cancel();
  await rejects(replaced, (error: unknown) => messages(error).join() === 'instead');
  const both = TaskGroup.run(async (group) => {
    group.createTask(failSoon('of the child'));
    await cleansUpInto('of the body')();
  });
  await rejects(both, (error: unknown) => messages(error).join() === 'of the body,of the child');
});

test('an inner group wraps its errors once, and the outer one again [TGR-11]', async () => {
  const task = createTask(() =>
    TaskGroup.run(() =>
      TaskGroup.run(async (inner) => {
        inner.createTask(cleansUpInto('deep'));
        await forever();
      }),
    ),
  );
  await step();
  task.cancel();
  await rejects(task, (error: ExceptionGroup) => messages(error.errors[0]).join() === 'deep');
  const outerFails = TaskGroup.run(async (outer) => {
    outer.createTask(failSoon());
    await TaskGroup.run(async (inner) => void inner.createTask(forever));
  });
  await rejects(outerFails, (error: unknown) => messages(error).join() === 'boom');
});

test('a KeyboardInterrupt comes out of a group as it is [TGR-16]', async () => {
  const interrupt = new KeyboardInterrupt();
  const ofChild = TaskGroup.run(async (group) => {
    group.createTask(forever);
    group.createTask(async () => {
      await step();
      throw interrupt;
    });
  });
  await rejects(ofChild, (error: unknown) => error === interrupt);
  const ofBody = TaskGroup.run(async (group) => {
    group.createTask(forever);
    throw interrupt;
  });
  await rejects(ofBody, (error: unknown) => error === interrupt);
});

test('a long group lets go of the children that have ended', async () => {
  await TaskGroup.run(async (group) => {
    for (let i = 0; i < 50; i++) {
      group.createTask(step);
      await step();
    }
    await step();
    assert.equal(group.size, 0);
  });
});

test('tasks that start ever more tasks are stopped when the group shuts down [TGR-18]', async () => {
  let count = 0;
  const hydra = (group: TaskGroup) => async (): Promise<void> => {
    count++;
    await step();
    group.createTask(hydra(group));
    group.createTask(hydra(group));
  };
  const done = TaskGroup.run(async (group) => {
    group.createTask(hydra(group));
    group.createTask(async () => {
      // oxlint-disable-next-line no-unmodified-loop-condition
      while (count < 10) await step();
      boom();
    });
  });
  await rejects(done, ExceptionGroup);
});

test('a group starts tasks only while it runs, and runs once [TGR-19 TGR-20]', async () => {
  const group = new TaskGroup();
  assert.throws(() => group.createTask(step), { code: 'ERR_GROUP_STATE', message: /not been entered/ });
  await group.run(async () => {
    await rejects(
      group.run(async () => {}),
      { code: 'ERR_SCOPE_USED' },
    );
  });
  assert.throws(() => group.createTask(step), { code: 'ERR_GROUP_STATE', message: /finished/ });
  await rejects(
    group.run(async () => {}),
    { code: 'ERR_SCOPE_USED' },
  );
  const failing = TaskGroup.run(async (group) => {
    group.createTask(() => boom());
    assert.throws(() => group.createTask(step), { code: 'ERR_GROUP_STATE', message: /shutting down/ });
  });
  await rejects(failing, ExceptionGroup);
});

test('name and context reach the child [TGR-21]', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  const context = copyContext();
  await TaskGroup.run(async (group) => {
    assert.equal(group.createTask(step, { name: 'yolo' }).name, 'yolo');
    await group.createTask(async () => void variable.set('kept'), { context });
    assert.equal(await group.createTask(async () => variable.get(), { context }), 'kept');
    assert.equal(variable.get(), 'none');
  });
});

test('when inner and outer group fail in one step, the inner error can be handled and the outer still fails [TGR-23]', async () => {
  let handled = 0;
  const task = createTask(() =>
    TaskGroup.run(async (outer) => {
      try {
        await TaskGroup.run(async (inner) => {
          inner.createTask(failSoon('inner'));
          outer.createTask(failSoon('outer'));
        });
      } catch (error) {
        if (!(error instanceof ExceptionGroup) || messages(error).join() !== 'inner') throw error;
        handled++;
      }
    }),
  );
  await rejects(task, (error: unknown) => messages(error).join() === 'outer');
  assert.equal(handled, 1);
});

test('a cancellation that meets a failure is not lost: the group of errors comes first, the next await is cut [TGR-24]', async () => {
  const inForeignPromise = deferred<void>();
  let stage = 0;
  const task = createTask(async () => {
    try {
      await TaskGroup.run(async (group) => {
        group.createTask(async () => {
          await inForeignPromise.promise;
          boom();
        });
        await forever();
      });
    } catch (error) {
      assert.ok(error instanceof ExceptionGroup);
      stage = 1;
    }
    await sleep(1e6);
    stage = 2;
  });
  await step();
  task.cancel();
  inForeignPromise.resolve(undefined);
  await rejects(task, CancelledError);
  assert.equal(stage, 1);
});

test('a group that shuts down leaves no cancellation behind [TGR-25]', async () => {
  const task = createTask(async () => {
    await rejects(
      TaskGroup.run(async (group) => void group.createTask(() => boom())),
      ExceptionGroup,
    );
    await step();
    return 'ok';
  });
  assert.equal(await task, 'ok');
});

test('a body that awaits a child when another one fails leaves no cancellation behind [TGR-25]', async () => {
  const task = createTask(async () => {
    const group = TaskGroup.run(async (tasks) => {
      const awaited = tasks.createTask(forever);
      tasks.createTask(failSoon());
      await awaited;
    });
    await rejects(group, (error: unknown) => messages(error).join() === 'boom');
    await step();
    return 'ok';
  });
  assert.equal(await task, 'ok');
});

test('a child that was cancelled on its own, and ended the body, leaves no cancellation behind when another one fails', async () => {
  const task = createTask(async () => {
    const group = TaskGroup.run(async (tasks) => {
      const awaited = tasks.createTask(forever);
      tasks.createTask(cleansUpInto('boom'));
      awaited.cancel();
      await awaited;
    });
    await rejects(group, (error: unknown) => messages(error).join() === 'boom');
    await step();
    return 'ok';
  });
  assert.equal(await task, 'ok');
});

test('a task that is made while the group begins to shut down is cancelled as well [TGR-26]', async () => {
  let late: Task | undefined;
  const done = TaskGroup.run(async (group) => {
    const failing = new Future<void>();
    group.createTask(async () => {
      await failing;
    });
    late = group.createTask(async () => {
      failing.setException(new Boom('third'));
      await forever();
    });
  });
  await rejects(done, (error: unknown) => messages(error).join() === 'third');
  assert.equal(late?.cancelled, true);
});

test('cancel ends a group early, from body or child, without an error [TGR-28]', async () => {
  let cut = 0;
  const child = async (): Promise<void> => {
    try {
      await forever();
    } finally {
      cut++;
    }
  };
  const byBody = await TaskGroup.run(async (group) => {
    group.createTask(child);
    group.cancel();
    group.cancel();
    await forever();
  });
  assert.equal(byBody, undefined);
  await TaskGroup.run(async (group) => {
    group.createTask(child);
    group.createTask(async () => group.cancel());
    await forever();
  });
  assert.equal(cut, 2);
  const before = new TaskGroup();
  before.cancel();
  await before.run(async () => assert.fail('it never runs'));
});

test('cancel ends a group whose body awaits a child without an error, whatever the child makes of it [TGR-28]', async () => {
  const children = [
    forever,
    async () => {
      await forever().catch(() => {
        throw new CancelledError('another one');
      });
    },
  ];
  for (const child of children) {
    const value = await TaskGroup.run(async (group) => {
      const awaited = group.createTask(child);
      group.createTask(async () => {
        await step();
        group.cancel();
      });
      await awaited;
      return 'not reached';
    });
    assert.equal(value, undefined);
  }
});

test('an ExceptionGroup is split by class, nested as it is', () => {
  const group = new ExceptionGroup('two', [new Boom('a'), new ExceptionGroup('inner', [new Boom('b'), new RangeError('c')])]);
  const [booms, others] = group.split(Boom);
  assert.deepEqual(messages(booms), ['a', 'inner']);
  assert.deepEqual(messages(others?.errors[0]), ['c']);
  assert.equal(group.subgroup(TypeError), null);
  assert.equal(group.subgroup(ExceptionGroup), group);
  assert.throws(() => new ExceptionGroup('none', []), RangeError);
});

test('the program of the documents runs as written', async () => {
  const total = await run(() =>
    TaskGroup.run(async (group) => {
      const a = group.createTask(
        async () => {
          await sleep(2);
          return 1;
        },
        { name: 'a' },
      );
      const b = group.createTask(async () => 2);
      return (await a) + (await b);
    }),
  );
  assert.equal(total, 3);
});
