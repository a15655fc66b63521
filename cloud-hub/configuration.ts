import { z } from 'zod'

const port = z.number().int().min(0).max(65_535)

/** The hub's configuration file. Ports may be 0 in tests: the ready line says which were taken. */
export const hubConfiguration = z.strictObject({
  dataFolder: z.string().min(1),
  host: z.string().min(1).default('127.0.0.1'),
  httpPort: port,
  mqttPort: port,
  broker: z.union([z.literal('embedded'), z.strictObject({ url: z.string().regex(/^mqtts:\/\/[^/\s]+$/) })]),
  pagesFolder: z.string().min(1).optional(),
  softwareVersion: z
    .string()
    .regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/)
    .default('0.1.0'),
})
export type HubConfiguration = z.infer<typeof hubConfiguration>
