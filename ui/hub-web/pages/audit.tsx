import { Code, NativeSelect, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { auditEntries, deviceList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Loaded } from '../../shared/panels.tsx'
import { Digest } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'

const NEWEST = 200

/** Entries of the hub's log and of each device's log as the hub has mirrored and verified it, newest first. */
export function AuditPage() {
  const [log, setLog] = useState('hub')
  const devices = useQuery({
    queryKey: ['devices'],
    queryFn: ({ signal }) => getJson('/api/devices', deviceList, signal),
  })
  const query = useQuery({
    queryKey: ['audit', log],
    queryFn: ({ signal }) =>
      getJson(`/api/audit/entries?log=${encodeURIComponent(log)}&limit=${NEWEST}`, auditEntries, signal),
  })
  return (
    <>
      <PageHead
        title="Audit"
        question="Who did what, and can it be proven? Export a log and verify it offline with: leadglass audit verify"
      />
      <Stack gap="md">
        <NativeSelect
          label="Log"
          w={320}
          value={log}
          data={['hub', ...(devices.data?.devices.map((device) => device.device) ?? [])]}
          onChange={(event) => setLog(event.currentTarget.value)}
        />
        <Loaded query={query} what="the log">
          {({ origin, size, entries }) => (
            <>
              <p>
                {origin}: {size} entries
              </p>
              <DataTable
                caption="Log entries"
                rows={[...entries].reverse()}
                rowKey={(row) => String(row.index)}
                columns={[
                  { heading: 'Entry', cell: (row) => row.index, numeric: true },
                  { heading: 'Event', cell: (row) => <Code block>{JSON.stringify(row.event)}</Code> },
                  { heading: 'Leaf hash', cell: (row) => <Digest value={row.hash} /> },
                ]}
              />
            </>
          )}
        </Loaded>
      </Stack>
    </>
  )
}
