import { describe, expect, it } from 'vitest'
import { parseTrace } from './trace-log.ts'
import { unsyncedAt } from './unsynced.ts'

const follow = (lines: readonly string[], sizes: Record<string, number> = {}) =>
  unsyncedAt(parseTrace(lines.map((line) => `1 1.0 ${line}`).join('\n')), new Map(Object.entries(sizes)))

describe('what is not on disk', () => {
  it('is what was written after the last sync', () => {
    const state = follow([
      'pwrite64(3</d/a>, ""..., 100, 0) = 100',
      'fdatasync(3</d/a>) = 0',
      'pwritev(3</d/a>, [{iov_base=""..., iov_len=5}, {iov_base=""..., iov_len=5}], 2, 100) = 10',
    ])
    expect(state.extents.get('/d/a')).toEqual([{ from: 100, to: 110 }])
  })

  it('includes what a failed sync was meant to cover', () => {
    const state = follow([
      'pwrite64(3</d/a>, ""..., 100, 0) = 100',
      'fdatasync(3</d/a>) = -1 EIO (Input/output error) (INJECTED)',
    ])
    expect(state.extents.get('/d/a')).toEqual([{ from: 0, to: 100 }])
  })

  it('includes what was written while the sync was under way', () => {
    const text = [
      '1 1.0 fdatasync(3</d/a> <unfinished ...>',
      '2 1.1 pwrite64(3</d/a>, ""..., 10, 0) = 10',
      '1 1.2 <... fdatasync resumed>) = 0',
    ]
    expect(unsyncedAt(parseTrace(text.join('\n')), new Map()).extents.get('/d/a')).toEqual([{ from: 0, to: 10 }])
  })

  it('counts on from the size where no offset is given', () => {
    const state = follow(['writev(3</d/a>, [{iov_base=""..., iov_len=7}], 1) = 7'], { '/d/a': 50 })
    expect(state.extents.get('/d/a')).toEqual([{ from: 50, to: 57 }])
  })

  it('includes a new name until its folder is synced', () => {
    const make = 'openat(AT_FDCWD</w>, "/d/new", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</d/new>'
    expect([...follow([make, 'fdatasync(3</d/new>) = 0']).created]).toEqual(['/d/new'])
    expect([...follow([make, 'fsync(4</d>) = 0']).created]).toEqual([])
  })

  it('follows a file to its new name', () => {
    const lines = ['pwrite64(3</d/a>, ""..., 9, 0) = 9', 'rename("/d/a", "/e/b") = 0']
    const state = follow(lines, { '/d/a': 0 })
    expect(state.extents.get('/e/b')).toEqual([{ from: 0, to: 9 }])
    expect([...state.renamed]).toEqual([['/e/b', '/d/a']])
    expect(follow([...lines, 'fsync(5</e>) = 0'], { '/d/a': 0 }).renamed.size).toBe(0)
  })
})
