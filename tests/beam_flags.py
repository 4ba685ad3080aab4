"""Beam's own flags that pages name, without the two dashes."""

BEAM = {
    "dask_client_address",
    "dask_npartitions",
    "environment_config",
    "environment_type",
    "job_endpoint",
    "max_num_workers",
    "project",
    "region",
    "runner",
    "s3_endpoint_url",
    "sdk_container_image",
    "service_port",
    "setup_file",
    "temp_location",
    "template_location",
    "worker_machine_type",
}
