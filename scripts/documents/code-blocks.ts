/** A fenced block of a document. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** What the comment on the line before it says; "" when there is none. */
  readonly mark: string;
}

/** The fenced blocks of a Markdown text, in their order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w*)$/.exec(lines[at]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    const text = lines.slice(at + 1, end === -1 ? undefined : end).join("\n");
    const mark = /^<!-- (.*) -->$/.exec(lines[at - 1] ?? "")?.[1] ?? "";
    blocks.push({ language, text, line: at + 1, mark });
    at = end === -1 ? lines.length : end;
  }
  return blocks;
}
