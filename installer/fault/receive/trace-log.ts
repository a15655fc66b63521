/** One system call of a `strace -ttt -y` log. */
export interface TracedCall {
  readonly thread: number
  readonly name: string
  /** The arguments as strace prints them; descriptors carry their path in angle brackets (`-y`). */
  readonly args: string
  /** The returned value; `undefined` when the call never returned. */
  readonly result: number | undefined
  readonly injected: boolean
  /** Positions in the order of the log: where the call began and where it ended. */
  readonly began: number
  readonly ended: number
}

const LINE = /^(?:(\d+)\s+)?\d+\.\d+ (.*)$/
const WHOLE = /^(\w+)\((.*)\) = (-?\d+|\?|0x[0-9a-f]+)(.*)$/s
const UNFINISHED = /^(\w+)\((.*) <unfinished \.\.\.>$/s
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s

/**
 * Reads a log. Calls that other threads broke in two are put together again, by the thread that made them.
 * @param thread the number of lines that carry none, as in a log of one thread.
 */
export function parseTrace(text: string, thread = 0): TracedCall[] {
  const calls: TracedCall[] = []
  const open = new Map<number, { readonly head: string; readonly began: number }>()
  text.split('\n').forEach((line, at) => {
    const [, number, content = ''] = LINE.exec(line) ?? []
    const of = number === undefined ? thread : Number(number)
    const unfinished = UNFINISHED.exec(content)
    if (unfinished !== null) {
      open.set(of, { head: `${unfinished[1] ?? ''}(${unfinished[2] ?? ''}`, began: at })
      return
    }
    const resumed = RESUMED.exec(content)
    const begun = open.get(of)
    const whole = WHOLE.exec(resumed === null ? content : `${begun?.head ?? ''}${resumed[2] ?? ''}`)
    if (resumed !== null) open.delete(of)
    if (whole === null) return
    const [, name = '', args = '', result = '?', rest = ''] = whole
    calls.push({
      thread: of,
      name,
      args,
      result: result === '?' ? undefined : Number(result),
      injected: rest.includes('(INJECTED)') || rest.includes('DELAYED'),
      began: resumed === null ? at : (begun?.began ?? at),
      ended: at,
    })
  })
  for (const [of, { head, began }] of open) {
    const [, name = '', args = ''] = /^(\w+)\((.*)$/s.exec(head) ?? []
    calls.push({ thread: of, name, args, result: undefined, injected: false, began, ended: Number.POSITIVE_INFINITY })
  }
  return calls
}

/** The paths that a call names: of its descriptors and of its strings. */
export function pathsOf(call: TracedCall): string[] {
  const descriptors = [...call.args.matchAll(/(?:^|[\s(])\w*<(\/[^>]*)>/g)].map((match) => match[1] ?? '')
  const strings = [...call.args.matchAll(/"(\/[^"]*)"/g)].map((match) => match[1] ?? '')
  // A descriptor of the working folder stands before a path that is absolute anyway.
  return call.args.startsWith('AT_FDCWD') ? strings : [...descriptors, ...strings]
}
