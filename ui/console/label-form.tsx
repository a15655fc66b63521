import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import {
  type LabelDetail,
  type LabelRequest,
  labelDetail,
  labelValue,
  type StudyDetail,
} from '../contract/local-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button, SelectField } from '../shared/controls.tsx'
import { FailurePanel } from '../shared/panels.tsx'

/**
 * Records what a reader verified. No answer is chosen beforehand: a form that proposes one would make labels of its own.
 * @param blind whether the reader cannot have seen the scores on this screen.
 */
export function LabelForm({
  study,
  findings,
  blind,
}: {
  readonly study: string
  readonly findings: StudyDetail['findings']
  readonly blind: boolean
}) {
  const queries = useQueryClient()
  const [finding, setFinding] = useState(findings[0]?.code ?? '')
  const [value, setValue] = useState<LabelRequest['value']>()
  const record = useMutation({
    mutationFn: (body: LabelRequest) => postJson(`/api/studies/${encodeURIComponent(study)}/label`, body, labelDetail),
    onSuccess: () => {
      setValue(undefined)
      return queries.invalidateQueries({ queryKey: ['studies'] })
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (value !== undefined) record.mutate({ finding, value, blind })
  }
  return (
    <form className="label-form" onSubmit={submit} data-verify>
      <SelectField
        label="Finding"
        value={finding}
        options={findings.map(({ code, title }) => ({ value: code, label: title }))}
        onChange={(event) => setFinding(event.currentTarget.value)}
      />
      <fieldset>
        <legend>Answer</legend>
        <div className="answers">
          {labelValue.options.map((option) => (
            <label key={option}>
              <input type="radio" name="answer" checked={value === option} onChange={() => setValue(option)} />
              {option}
            </label>
          ))}
        </div>
      </fieldset>
      <Button type="submit" disabled={record.isPending || finding === '' || value === undefined}>
        Verify as ground truth
      </Button>
      <div className="words" role="status">
        {record.data === undefined ? blindWords(blind) : recordedWords(record.data)}
      </div>
      {record.error !== null && <FailurePanel error={record.error} />}
    </form>
  )
}

function blindWords(blind: boolean): string {
  return blind
    ? 'The scores of this study have not been shown here: recorded as blind.'
    : 'The scores of this study have been shown here: recorded as not blind.'
}

function recordedWords({ finding, value, blind }: LabelDetail): string {
  return `Recorded: ${finding} ${value}, ${blind ? 'blind' : 'not blind'}.`
}
