/** A refusal in words: what happened and what to do. */
import type { Problem } from '@belay/protocol'

export function ProblemNote({ problem }: { readonly problem: Problem['error'] }) {
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{problem.message}</strong>
      </p>
      <p>{problem.action}</p>
      {problem.fields?.map((field) => (
        <p key={field.path}>
          <code>{field.path}</code>: expected {field.expected}, got {field.got}
        </p>
      ))}
    </div>
  )
}
