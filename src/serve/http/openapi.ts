import type { Route } from "./route.ts";

/** The OpenAPI 3.1 document of a list of routes. */
export function openApiDocument(routes: readonly Route[], title: string): unknown {
  const paths = new Map<string, Record<string, unknown>>();
  for (const route of routes) {
    const methods = paths.get(route.path) ?? {};
    methods[route.method.toLowerCase()] = operation(route);
    paths.set(route.path, methods);
  }
  return {
    openapi: "3.1.0",
    info: { title, version: "1", description: "Collect events, and ask what they say." },
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
      schemas: {
        Error: {
          type: "object",
          required: ["error"],
          properties: {
            error: {
              type: "object",
              required: ["code", "message"],
              properties: {
                code: { type: "string" },
                message: { type: "string" },
                field: { type: "string" },
                hint: { type: "string" },
              },
            },
          },
        },
      },
    },
  };
}

function operation(route: Route): unknown {
  const problem = { $ref: "#/components/schemas/Error" };
  return {
    summary: route.summary,
    ...(route.access === "read" ? { security: [{ key: [] }] } : {}),
    parameters: (route.parameters ?? []).map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      description: parameter.description,
      required: parameter.in === "path" || parameter.required === true,
      schema: { type: "string" },
    })),
    responses: {
      200: {
        description: "What was asked for",
        content: { [route.answers ?? "application/json"]: {} },
      },
      default: {
        description: "What went wrong",
        content: { "application/json": { schema: problem } },
      },
    },
  };
}
