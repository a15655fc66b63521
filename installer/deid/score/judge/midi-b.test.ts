import { describe, expect, test } from 'vitest'
import { bytesValue, type Tree, type TreeElement } from '../codec/tree.ts'
import type { Action, Check } from '../key.ts'
import { AnswerKeyJudge } from './midi-b.ts'

const TAG = 0x00081030

function output(text: string | undefined): Tree {
  return text === undefined
    ? new Map<number, TreeElement>()
    : new Map([[TAG, { tag: TAG, vr: 'LO', value: bytesValue(Buffer.from(text)) }]])
}

function check(action: Action, ...values: string[]): Check {
  return { action, category: 'DICOM-IOD', path: [TAG], values, option: '' }
}

describe('the rules of MIDI-B', () => {
  test.each<[Action, string[], string | undefined, boolean]>([
    ['tag_retained', [], '', true],
    ['tag_retained', [], undefined, false],
    ['text_notnull', [], 'x', true],
    ['text_notnull', [], '  ', false],
    ['text_retained', ['CT chest'], 'CT chest', true],
    ['text_retained', ['CT chest'], 'chest of a CT', true],
    ['text_retained', ['CT chest'], 'CT', false],
    ['text_retained', ['120'], '120.0', true],
    ['text_retained', ['120'], undefined, false],
    ['text_removed', ['Smith'], 'SMITH^A', false],
    ['text_removed', ['Smith'], 'ANON', true],
    ['text_removed', ['Smith'], undefined, true],
    ['date_shifted', ['20200101'], '20200101', false],
    ['date_shifted', ['20200101'], '20190101', true],
    ['uid_changed', ['1.2.3'], '1.2.3', false],
    ['uid_changed', ['1.2.3'], '1.2.4', true],
    ['uid_consistent', ['1.2.3'], undefined, true],
    ['uid_consistent', ['1.2.3'], '1.2.3', false],
    ['patid_consistent', ['P1'], '', false],
  ])('%s of %j with %j: %s', (action, values, text, expected) => {
    expect(new AnswerKeyJudge().passes(check(action, ...values), output(text))).toBe(expected)
  })

  test('one original has one replacement, and no two share one', () => {
    const judge = new AnswerKeyJudge()
    expect(judge.passes(check('uid_consistent', '1.1'), output('9.1'))).toBe(true)
    expect(judge.passes(check('uid_consistent', '1.1'), output('9.1'))).toBe(true)
    expect(judge.passes(check('uid_consistent', '1.1'), output('9.2'))).toBe(false)
    expect(judge.passes(check('uid_consistent', '1.2'), output('9.1'))).toBe(false)
  })

  test('a missing output passes what asks for removal, and nothing else', () => {
    const judge = new AnswerKeyJudge()
    const passing = ['text_removed', 'date_shifted', 'uid_changed', 'pixels_hidden'] as const
    const failing = [
      'tag_retained',
      'text_notnull',
      'text_retained',
      'pixels_retained',
      'uid_consistent',
      'patid_consistent',
    ] as const
    expect(passing.map((action) => judge.passes(check(action, 'x'), undefined))).toEqual(passing.map(() => true))
    expect(failing.map((action) => judge.passes(check(action, 'x'), undefined))).toEqual(failing.map(() => false))
  })
})
