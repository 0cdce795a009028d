import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { goProgram } from "./fetch/go.ts";
import { answersOk } from "./http-ready.ts";

const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
const REGION = "us-east-1";
const HEALTH = "/health";

/** An S3 server whose buckets are folders. */
export const s3: Engine = {
  name: "s3",
  summary: "versitygw, an S3 server over a folder",
  needs: [],
  ports: ["s3"],
  fetch: (context) => goProgram(context, MODULE),
  place: async (context) => {
    const program = await goProgram(context, MODULE);
    const data = join(context.folder, "data");
    const address = `127.0.0.1:${context.port("s3")}`;
    const accessKey = context.secret("s3-access-key");
    const secretKey = context.secret("s3-secret-key");
    return {
      parts: [
        {
          name: "s3",
          command: program,
          args: ["--port", address, "--region", REGION, "--health", HEALTH, "posix", data],
          env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
          cwd: context.folder,
          dataFolder: data,
          prepare: () => void mkdirSync(data, { recursive: true }),
          ready: () => answersOk(`http://${address}${HEALTH}`),
        },
      ],
      addresses: {
        s3: { endpoint: `http://${address}`, region: REGION, accessKey, secretKey },
      },
    };
  },
};
