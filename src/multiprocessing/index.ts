export * from './everything.ts';
export {
  type Context,
  ForkServerPool,
  ForkServerProcess,
  getAllStartMethods,
  getContext,
  getStartMethod,
  setExecutable,
  setForkServerPreload,
  setStartMethod,
  SpawnPool,
  SpawnProcess,
  type StartMethod,
} from './context.ts';
