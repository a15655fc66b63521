import { Button, Group, NativeSelect, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type LabelRequest, labelDetail, labelValue, type StudyDetail } from '../contract/local-api.ts'
import { postJson } from '../shared/api-client.ts'
import { FailurePanel } from '../shared/panels.tsx'

/** Records what a reader verified. This form stands below the scores, so the answer counts as not blind. */
export function LabelForm({ study, findings }: { readonly study: string; readonly findings: StudyDetail['findings'] }) {
  const queries = useQueryClient()
  const [finding, setFinding] = useState(findings[0]?.code ?? '')
  const [value, setValue] = useState<LabelRequest['value']>('absent')
  const record = useMutation({
    mutationFn: () =>
      postJson(`/api/studies/${encodeURIComponent(study)}/label`, { finding, value, blind: false }, labelDetail),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['studies'] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    record.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Group align="end">
        <NativeSelect
          label="Finding"
          value={finding}
          data={findings.map(({ code, title }) => ({ value: code, label: title }))}
          onChange={(event) => setFinding(event.currentTarget.value)}
        />
        <NativeSelect
          label="Answer"
          value={value}
          data={['absent', 'present', 'uncertain']}
          onChange={(event) => setValue(labelValue.parse(event.currentTarget.value))}
        />
        <Button type="submit" variant="default" disabled={record.isPending || finding === ''}>
          Verify as ground truth
        </Button>
      </Group>
      <Text size="sm" c="dark.2" mt={6}>
        Given with the scores in view: recorded as not blind.
      </Text>
      {record.error !== null && <FailurePanel error={record.error} />}
    </form>
  )
}
