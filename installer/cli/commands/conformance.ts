import { conformanceDocument } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { withData } from '../options.ts'

/** `leadglass conformance`: the DICOM conformance statement of the running configuration. */
export function registerConformance(program: Command): void {
  const command = program
    .command('conformance')
    .description('print the DICOM conformance statement (PS3.2) of the running configuration, as Markdown')
  withData(command).action(async (options: { readonly data: string }) => {
    const client = await InstanceClient.open(options.data)
    const path = '/api/conformance'
    const { markdown } = await client.request({
      service: 'appliance',
      method: 'GET',
      path,
      schema: conformanceDocument,
    })
    process.stdout.write(markdown)
  })
}
