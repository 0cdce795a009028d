import type { RouteDescription } from "./route.ts";

/** The OpenAPI 3.1 document of a list of routes. */
export function openApiDocument(routes: readonly RouteDescription[], title: string): unknown {
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
      securitySchemes: {
        read: { type: "http", scheme: "bearer", description: "The admin key; on loopback none" },
        write: { type: "http", scheme: "bearer", description: "A write key" },
      },
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

function operation(route: RouteDescription): unknown {
  const problem = { $ref: "#/components/schemas/Error" };
  return {
    summary: route.summary,
    ...(route.access === "open" ? {} : { security: [{ [route.access]: [] }] }),
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
