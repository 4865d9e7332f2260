export type { Command, Environment, Word } from './command.ts';
export type { Communicated } from './communicate.ts';
export { CompletedProcess } from './completed.ts';
export { DEVNULL, PIPE, STDOUT } from './constants.ts';
export {
  CalledProcessError,
  MaxBufferExceeded,
  type Output,
  ProcessStartError,
  SubprocessError,
  TextTooLongError,
  TimeoutExpired,
} from './errors.ts';
export { getOutput, getOutputSync, getStatusOutput, getStatusOutputSync, type StatusAndOutput } from './get-output.ts';
export type { Descriptor, Feed, FileRedirect, Input, KillOptions, PopenOptions, Several, Sink, Stderr, Stdin, Stdout } from './options.ts';
export {
  type CompletedPipeline,
  Pipeline,
  pipeline,
  type PipelineOptions,
  type PipelineRunOptions,
  type Stage,
  type StageOptions,
} from './pipeline.ts';
export { type CommunicatedOf, type OutputOf, type PipedOf, Popen } from './popen.ts';
export { type LineOptions, ReadPipe } from './read-pipe.ts';
export { call, checkCall, checkOutput, run, type RunOptions } from './run.ts';
export { callSync, checkCallSync, checkOutputSync, runSync, type RunSyncOptions } from './run-sync.ts';
export { sh, type Sh, ShellCommand, type ShellOptions, type ShellResult } from './sh.ts';
export type { ShellValue } from './shell-template.ts';
export type { DecodingErrors, TextOptions } from './text.ts';
export { type Data, WritePipe } from './write-pipe.ts';
export type { TerminalSize } from '../system/terminal.ts';
