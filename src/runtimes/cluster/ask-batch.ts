import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { BatchRequests, type BatchRequest } from "./batch-requests.ts";
import type { ClusterConfig } from "./cluster-config.ts";

/** Has the cluster's batch role do something; gives its report. `signal` ends the waiting. */
export async function askBatch(
  { kafka, prefix }: ClusterConfig,
  request: Omit<BatchRequest, "id">,
  signal: AbortSignal,
): Promise<unknown> {
  const client = new KafkaClient(kafka, "millrace-ask");
  try {
    const requests = new BatchRequests(client, topicNames(prefix).batch);
    await requests.open();
    return await requests.ask(request, signal);
  } finally {
    await client.close();
  }
}
