import { expect, it } from 'vitest'
import { assertedWords } from './asserted-words.ts'

const WORDS = ['study.read', 'study.listed', 'log.read']

it.each([
  ["expect(words).toContain('study.read')"],
  ["expect(words).toEqual(['study.listed refused a', 'study.read success a'])"],
  ["const act = (word: string) => { expect(log()).toContain(word) }\nawait act('study.read')"],
  ["for (const word of ['study.read']) expect(log()).toContain(word)"],
  ["const read = log().filter(({ event }) => event === 'study.read')\nexpect(read).toHaveLength(1)"],
  [`expect(words).toContain(\`study.read success \${person}\`)`],
])('an assertion names the word: %s', (text) => {
  expect([...assertedWords(text, WORDS)]).toContain('study.read')
})

it.each([
  ["log.append({ event: 'study.read' })"],
  ["it('records study.read', () => { expect(1).toBe(1) })"],
  ['// study.read\nexpect(1).toBe(1)'],
  ["const event = { event: 'study.read' }\nlog.append(event)"],
  ["for (const word of ['study.read']) log.append({ event: word })"],
])('the word is only there: %s', (text) => {
  expect([...assertedWords(text, WORDS)]).toEqual([])
})
