import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const CLI = resolve(import.meta.dirname, 'main.ts')

function leadglass(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

const COMMANDS: readonly (readonly string[])[] = [
  ['up'],
  ['appliance'],
  ['agent'],
  ['hub'],
  ['hub', 'move-database'],
  ['send'],
  ['deid'],
  ['study', 'list'],
  ['study', 'show'],
  ['study', 'export'],
  ['explain'],
  ['review', 'list'],
  ['review', 'show'],
  ['review', 'release'],
  ['review', 'refuse'],
  ['label'],
  ['train'],
  ['evaluation'],
  ['approve', 'list'],
  ['approve', 'show'],
  ['approve', 'submit'],
  ['approve', 'sign'],
  ['approve', 'review'],
  ['approve', 'comment'],
  ['approve', 'request-changes'],
  ['approve', 'reject'],
  ['approve', 'withdraw'],
  ['approve', 'record'],
  ['approve', 'alarms'],
  ['approve', 'password'],
  ['approve', 'keys'],
  ['approve', 'enrol-key'],
  ['approve', 'confirm-key'],
  ['approve', 'revoke-key'],
  ['approve', 'local'],
  ['model', 'list'],
  ['model', 'show'],
  ['model', 'submit'],
  ['model', 'sign'],
  ['model', 'status'],
  ['audit', 'export'],
  ['audit', 'prove'],
  ['audit', 'verify'],
  ['audit', 'peers', 'add'],
  ['audit', 'peers', 'list'],
  ['audit', 'peers', 'remove'],
  ['sync', 'status'],
  ['sync', 'prove'],
  ['egress', 'list'],
  ['egress', 'show'],
  ['egress', 'held'],
  ['egress', 'release'],
  ['egress', 'refuse'],
  ['vault', 'status'],
  ['vault', 'enrol'],
  ['vault', 'open'],
  ['keys', 'rotate-pseudonyms'],
  ['rules', 'show'],
  ['rules', 'validate'],
  ['rules', 'simulate'],
  ['rules', 'activate'],
  ['rules', 'history'],
  ['rules', 'diff'],
  ['rules', 'held'],
  ['rules', 'release'],
  ['delivery', 'list'],
  ['delivery', 'show'],
  ['delivery', 'replay'],
  ['delivery', 'drop'],
  ['retention', 'plan'],
  ['retention', 'run'],
  ['retention', 'purged'],
  ['hold', 'add'],
  ['hold', 'remove'],
  ['hold', 'list'],
  ['settings', 'show'],
  ['settings', 'plan'],
  ['settings', 'apply'],
  ['settings', 'history'],
  ['conformance'],
  ['doctor'],
  ['rehearse'],
  ['bench'],
  ['fault'],
]

describe('the command line', () => {
  it('lists every command', () => {
    const { status, stdout } = leadglass('--help')
    expect(status).toBe(0)
    for (const [command] of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  it.each(COMMANDS.map((words) => words.join(' ')))('has help for %s', (command) => {
    const { status, stdout } = leadglass(...command.split(' '), '--help')
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: leadglass')
  })

  it('exits with 2 for wrong use', () => {
    expect(leadglass('no-such-command').status).toBe(2)
    expect(leadglass('send', '.', '--to', 'nowhere').status).toBe(2)
    expect(leadglass('up', '--port-base', '80').status).toBe(2)
  })

  it('says cause, effect and next step, and exits with 3, where there is no instance', () => {
    const { status, stderr } = leadglass('study', 'list', '--data', mkdtempSync(join(tmpdir(), 'leadglass-none-')))
    expect(status).toBe(3)
    expect(stderr).toMatch(/no Leadglass instance/)
    expect(stderr).toMatch(/Effect: /)
    expect(stderr).toMatch(/Next step: /)
  })
})
