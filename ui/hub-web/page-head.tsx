import { Text, Title } from '@mantine/core'

/** Title of a page and the one sentence that says what question it answers. */
export function PageHead({ title, question }: { readonly title: string; readonly question: string }) {
  return (
    <header>
      <Title order={1} size="h2">
        {title}
      </Title>
      <Text size="sm" c="dark.2" mb="md">
        {question}
      </Text>
    </header>
  )
}
