import { describe, expect, it } from 'vitest'
import { parseTrace, pathsOf } from './trace-log.ts'

describe('a log of strace', () => {
  it('tells calls, paths and results', () => {
    const [call] = parseTrace('41 1.5 pwrite64(29</d/spool/00.log>, "LG"..., 4096, 8192) = 4096\n')
    expect(call).toMatchObject({ thread: 41, name: 'pwrite64', result: 4096, injected: false })
    expect(call === undefined ? [] : pathsOf(call)).toEqual(['/d/spool/00.log'])
  })

  it('tells what was injected', () => {
    const [call] = parseTrace('1.5 fdatasync(29</d/a>) = -1 EIO (Input/output error) (INJECTED)', 7)
    expect(call).toMatchObject({ thread: 7, result: -1, injected: true })
  })

  it('puts together what another thread interrupted', () => {
    const calls = parseTrace(
      [
        '1 1.1 fdatasync(3</d/a> <unfinished ...>',
        '2 1.2 pwrite64(3</d/a>, ""..., 10, 0) = 10',
        '1 1.3 <... fdatasync resumed>) = 0',
      ].join('\n'),
    )
    expect(calls.map((call) => [call.name, call.began, call.ended, call.result])).toEqual([
      ['pwrite64', 1, 1, 10],
      ['fdatasync', 0, 2, 0],
    ])
  })

  it('keeps a call that never returned, without a result', () => {
    const calls = parseTrace('1 1.1 fsync(3</d/a> <unfinished ...>\n1 1.2 +++ killed by SIGKILL +++')
    expect(calls).toMatchObject([{ name: 'fsync', result: undefined }])
  })

  it('tells both names of a rename and leaves the working folder out', () => {
    const [call] = parseTrace('1 1.1 renameat2(AT_FDCWD</work>, "/d/a", AT_FDCWD</work>, "/d/b", 0) = 0')
    expect(call === undefined ? [] : pathsOf(call)).toEqual(['/d/a', '/d/b'])
  })
})
