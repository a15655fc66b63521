import { open, writeFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Deidentifier, deriveSiteKeys, EgressVerifier, fileSource } from '../../deidentify/index.ts'
import type { ObjectSource } from '../../imaging/dataset/index.ts'
import { DeidentifyingGate } from '../gate.ts'
import { PassedFile } from '../passed-file.ts'
import { compressedObject, LARGE_OBJECT_NAME, nativeObject } from './large-objects.ts'

/**
 * Passes one large object through the gate in a process of its own, so that its peak memory is the gate's alone, and
 * prints what it took:
 *
 *     gate-child.ts native|hidden BYTES OUTPUT      pixels that are computed as they are read
 *     gate-child.ts make|make-enhanced FRAMES FILE  a file of so many compressed frames of 20,000 bytes
 *     gate-child.ts file FILE OUTPUT
 */
const { positionals } = parseArgs({ allowPositionals: true })
const [form = '', what = '', path = ''] = positionals
if (form.startsWith('make')) {
  const made = compressedObject(Number(what), 20_000, form === 'make-enhanced')
  await writeFile(path, await made.read(0, made.size))
  process.exit(0)
}
const source = form === 'file' ? await opened(what) : nativeObject(Number(what), hiddenText(form))
const gate = new DeidentifyingGate(
  new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(7)), profile: { patientIssuer: '' } }),
  new EgressVerifier(),
)
const file = new PassedFile(path)
const delay = monitorEventLoopDelay({ resolution: 5 })
const started = performance.now()
delay.enable()
const outcome = await gate.pass(source, file)
delay.disable()
await file.close(outcome.kind === 'passed')
const figures = {
  outcome: outcome.kind === 'passed' ? 'passed' : `${outcome.stage}: ${outcome.reason}`,
  bytes: source.size,
  seconds: (performance.now() - started) / 1000,
  peakMebibytes: process.resourceUsage().maxRSS / 1024,
  longestStallMs: delay.max / 1e6,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)

async function opened(name: string): Promise<ObjectSource> {
  const handle = await open(name, 'r')
  return fileSource(handle, (await handle.stat()).size)
}

function hiddenText(kind: string): string | undefined {
  return kind === 'hidden' ? `Dr ${LARGE_OBJECT_NAME} wrote this` : undefined
}
