import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { PipeOutput } from '../../../src/observability/logger.js';

const LINE = `${'x'.repeat(1023)}\n`;
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

describe('log lines into a pipe', () => {
  it('that nobody reads are dropped and counted, and the loss is told once when somebody reads again', async () => {
    const pipe = new PassThrough();
    const output = new PipeOutput(pipe);
    const told: number[] = [];
    output.onRecovery((lines) => told.push(lines));
    for (let line = 0; line < 1000; line += 1) {
      output.write(LINE);
      if (line % 10 === 0) await turn();
    }
    const lost = output.linesLost();
    expect(lost).toBeGreaterThan(600);
    expect(told).toEqual([]);

    let read = 0;
    pipe.on('data', (chunk: Buffer) => {
      read += chunk.length;
    });
    await output.flush(10_000);
    await turn();
    expect(told).toEqual([lost]);
    output.write('again\n');
    await output.flush(10_000);
    await turn();
    expect(read).toBe((1000 - lost) * LINE.length + 'again\n'.length);
    expect(told).toEqual([lost]);
  });

  it('of one turn go out together and in order', async () => {
    const chunks: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    const output = new PipeOutput(stream);
    output.write('one\n');
    output.write('two\n');
    await turn();
    output.write('three\n');
    await output.flush(10_000);
    expect(chunks).toEqual(['one\ntwo\n', 'three\n']);
  });

  it('whose reader is gone are counted and end nothing', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('no reader'), { code: 'EPIPE' })),
    });
    const output = new PipeOutput(stream);
    output.write('one\n');
    await turn();
    await turn();
    output.write('two\n');
    await output.flush(10_000);
    expect(output.linesLost()).toBe(1);
  });
});
