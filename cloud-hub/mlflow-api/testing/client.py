"""What a data scientist's script does against the hub with the unmodified MLflow client; prints what it saw as JSON."""

import json
import math
import os
import sys

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException


def refused(act):
    """Return the error code with which the server refuses an act."""
    try:
        act()
    except MlflowException as error:
        return error.error_code
    return "DONE"


def main(folder: str) -> dict:
    client = MlflowClient()
    seen = {}
    experiment = client.create_experiment("outside", tags={"team": "ml"})
    run = client.create_run(experiment, run_name="first", tags={"kind": "trial"})
    identifier = run.info.run_id
    client.log_metric(identifier, "auc", 0.8, step=0)
    client.log_metric(identifier, "auc", 0.9, step=1)
    client.log_metric(identifier, "loss", math.nan)
    client.log_param(identifier, "depth", 3)
    client.log_batch(
        identifier,
        metrics=[Metric("brier", 0.1, 1, 0)],
        params=[Param("rate", "0.01")],
        tags=[RunTag("note", "<b>x</b>")],
    )
    client.set_tag(identifier, "more", "yes")
    client.delete_tag(identifier, "more")
    seen["param again"] = refused(lambda: client.log_param(identifier, "depth", 4))
    client.set_terminated(identifier, "FINISHED")
    read = client.get_run(identifier)
    seen["run"] = {
        "status": read.info.status,
        "name": read.info.run_name,
        "params": read.data.params,
        "auc": read.data.metrics["auc"],
        "nan": math.isnan(read.data.metrics["loss"]),
        "tags": {key: value for key, value in read.data.tags.items() if not key.startswith("mlflow.")},
    }
    seen["history"] = [(one.step, one.value) for one in client.get_metric_history(identifier, "auc")]
    other = client.create_run(experiment, run_name="second")
    client.log_metric(other.info.run_id, "auc", 0.5)
    found = client.search_runs([experiment], "metrics.auc > 0.6", order_by=["metrics.auc DESC"])
    seen["found"] = [one.info.run_name for one in found]
    seen["all"] = len(client.search_runs([experiment], max_results=1)) + len(client.search_runs([experiment]))
    seen["experiments"] = sorted(one.name for one in client.search_experiments())
    seen["same name"] = refused(lambda: client.create_experiment("outside"))
    seen["hub experiment"] = refused(lambda: client.create_run("0"))

    name = "chest-radiograph"
    seen["models"] = [one.name for one in client.search_registered_models()]
    versions = client.search_model_versions(f"name='{name}'", order_by=["version_number ASC"])
    seen["versions"] = [(one.version, one.tags["leadglass.version"], one.tags["leadglass.state"]) for one in versions]
    seen["stage"] = client.get_model_version(name, "1").current_stage
    client.set_registered_model_alias(name, "champion", "2")
    seen["champion"] = client.get_model_version_by_alias(name, "champion").version
    seen["aliases"] = client.get_registered_model(name).aliases
    client.delete_registered_model_alias(name, "champion")
    seen["approved"] = refused(lambda: client.set_registered_model_alias(name, "approved", "2"))
    seen["approved read"] = refused(lambda: client.get_model_version_by_alias(name, "approved"))
    seen["create"] = refused(lambda: client.create_registered_model("mine"))
    seen["version"] = refused(lambda: client.create_model_version(name, "file:///tmp/x"))
    seen["stage change"] = refused(lambda: client.transition_model_version_stage(name, "1", "Production"))
    seen["delete"] = refused(lambda: client.delete_model_version(name, "1"))
    seen["hub tag"] = refused(lambda: client.set_model_version_tag(name, "1", "leadglass.state", "published"))
    client.set_model_version_tag(name, "1", "note", "looked at")
    seen["tag"] = client.get_model_version(name, "1").tags["note"]
    seen["unknown"] = refused(lambda: client.get_registered_model("nothing"))
    uri = client.get_model_version_download_uri(name, "2")
    path = download_artifacts(artifact_uri=uri, dst_path=folder)
    seen["files"] = sorted(os.listdir(path))
    seen["golden"] = len(os.listdir(os.path.join(path, "golden")))
    return seen


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
