import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createSigningKeyFile } from '@leadglass/sync-agent/audit-log'
import { afterEach, beforeEach, expect, it } from 'vitest'

const CLI = resolve(import.meta.dirname, 'main.ts')
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadglass-audit-peers-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** A box as `up` leaves it, as far as this command looks. */
async function box(device: string): Promise<string> {
  const data = join(root, device)
  await mkdir(join(data, 'agent'), { recursive: true })
  await createSigningKeyFile(join(data, 'agent', 'witness.key.pem'))
  await writeFile(
    join(data, 'agent', 'config.json'),
    JSON.stringify({
      device,
      exchangeFolder: '../exchange',
      agentFolder: '.',
      hub: { mqttUrl: 'mqtts://hub:8883', httpUrl: 'http://hub:8080', caFile: 'hub-ca.pem' },
      certificateFile: 'device.pem',
      keyFile: 'device.key',
      hubLog: { keyFile: 'hub-log.vkey', witnessKeyFile: 'witness.key.pem' },
    }),
  )
  return data
}
function peers(data: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CLI, 'audit', 'peers', ...args, '--data', data, '--json'],
    { encoding: 'utf8' },
  )
  return { status, stderr, told: stdout === '' ? undefined : (JSON.parse(stdout) as Record<string, unknown>) }
}

it('tells one box of another with the fingerprint compared, and takes it back', { timeout: 120_000 }, async () => {
  const [first, second] = [await box('box-01'), await box('box-02')]
  const { own } = peers(second, 'list').told as { own: { device: string; key: string; fingerprint: string } }
  expect(own.device).toBe('box-02')
  const wrong = peers(
    first,
    'add',
    own.key,
    '--fingerprint',
    own.fingerprint.replace(/^./, (one) => (one === '0' ? '1' : '0')),
  )
  expect(wrong.status).not.toBe(0)
  expect(wrong.stderr).toMatch(/another fingerprint/)
  expect(peers(first, 'add', own.key, '--fingerprint', own.fingerprint).told).toEqual({ outcome: 'added', peer: own })
  expect(peers(first, 'list').told?.peers).toEqual([own])
  expect(await readFile(join(first, 'agent', 'hub-log-peers.txt'), 'utf8')).toContain(own.key)
  expect(peers(second, 'add', own.key).stderr).toMatch(/key of this box itself/)
  expect(peers(first, 'remove', 'box-02').told).toEqual({ removed: 'box-02' })
  expect(peers(first, 'remove', 'box-02').status).not.toBe(0)
  expect(peers(first, 'list').told?.peers).toEqual([])
})

it('says that there is no box where there is none', () => {
  const { status, stderr } = peers(root, 'list')
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/there is no box/)
})
