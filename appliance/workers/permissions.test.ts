import { describe, expect, it } from 'vitest'
import { workerCodeRoots } from '../scoring/code-roots.ts'
import { workerArguments } from './permissions.ts'

describe('the arguments of a worker', () => {
  it('allow reading part by part, never the root, and nothing else but add-ons', () => {
    const reach = { readable: [...workerCodeRoots('/opt/leadglass'), '/d/work', '/d/models'], heapMiB: 100 }
    const args = workerArguments(reach, 'main.ts')
    expect(args[0]).toBe('--permission')
    expect(args.filter((arg) => arg.startsWith('--allow') && !arg.startsWith('--allow-fs-read='))).toEqual([
      '--allow-addons',
    ])
    const readable = args.flatMap((arg) => arg.split('--allow-fs-read=').slice(1))
    expect(readable).not.toContain('/opt/leadglass')
    expect(readable).not.toContain('/opt/leadglass/appliance')
    expect(readable).toEqual(expect.arrayContaining(['/d/work', '/d/models', '/opt/leadglass/appliance/scoring']))
  })

  it('allow writing only where it is said', () => {
    const args = workerArguments({ readable: ['/a'], writable: ['/d/work/masked'], heapMiB: 100 }, 'main.ts')
    expect(args.filter((arg) => arg.startsWith('--allow-fs-write'))).toEqual(['--allow-fs-write=/d/work/masked'])
  })
})
