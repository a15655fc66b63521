import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { agentConfig } from '@leadglass/sync-agent/agent'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseHub } from '../../cloud-hub/commands.ts'
import { HubProcess } from '../../cloud-hub/testing/hub-process.ts'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, 'main.ts')

describe('leadglass enrol', () => {
  let folder: string
  let hub: HubProcess

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enrol-'))
    await initialiseHub({ folder: join(folder, 'hub'), names: ['localhost'] })
    hub = await HubProcess.start(join(folder, 'hub'))
  })
  afterEach(async () => {
    await hub.kill()
    await rm(folder, { recursive: true, force: true })
  })

  const enrol = (code: string, data: string) =>
    run(process.execPath, [MAIN, 'enrol', '--data', data, '--hub', `mqtts://localhost:${hub.mqtt}`, '--code', code])

  it('makes a box of an empty folder, with which the agent connects; the code is good once', async () => {
    const { code } = (await hub.post('/api/devices/box-21/invitation', {})) as { readonly code: string }
    const data = join(folder, 'box')
    expect((await enrol(code, data)).stdout).toContain('this box is box-21 now')
    const config = agentConfig.parse(JSON.parse(await readFile(join(data, 'agent', 'config.json'), 'utf8')))
    expect(config.device).toBe('box-21')
    const agent = AgentProcess.at(config, join(data, 'agent', 'config.json'))
    await agent.start()
    const status = join(data, 'exchange', 'status', 'agent.json')
    await expect.poll(() => readFile(status, 'utf8').catch(() => ''), { timeout: 15_000 }).toContain('"link":"up"')
    expect(await agent.end('SIGTERM')).toBe(0)
    await expect(enrol(code, join(folder, 'second'))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('used by another box') as unknown,
    })
  }, 60_000)
})
