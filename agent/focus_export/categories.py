"""FOCUS's service categories, and which of them a service is in where its bill does not say."""

import re

OTHER = "Other"
CATEGORIES = (
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Multicloud",
    "Networking",
    "Security",
    "Storage",
    "Web",
    OTHER,
)
_SPELLED = {category.casefold(): category for category in CATEGORIES}
_OF_SERVICES = {
    "AI and Machine Learning": "bedrock sagemaker rekognition comprehend transcribe translate textract vertexai",
    "Analytics": "athena glue kinesis emr elasticmapreduce redshift quicksight msk bigquery dataflow dataproc pubsub",
    "Compute": (
        "ec2 elasticcomputecloud lambda ecs eks elasticcontainerservice elasticcontainerserviceforkubernetes fargate "
        "lightsail batch computeengine kubernetesengine cloudrun cloudfunctions appengine droplets kubernetes "
        "virtualmachines functions compute"
    ),
    "Databases": (
        "rds relationaldatabaseservice dynamodb elasticache docdb documentdb neptune memorydb cloudsql cloudspanner "
        "firestore cloudbigtable memorystore managedservicedatabases databases atlas cosmosdb sqldatabase"
    ),
    "Developer Tools": "codebuild codepipeline codecommit codeartifact cloudbuild artifactregistry",
    "Identity": "cognito identityplatform activedirectory entraid",
    "Integration": "sqs sns simplequeueservice simplenotificationservice eventbridge stepfunctions servicebus",
    "Management and Governance": (
        "cloudwatch cloudtrail config systemsmanager cloudlogging cloudmonitoring stackdriverlogging monitor"
    ),
    "Networking": (
        "vpc virtualprivatecloud elb elasticloadbalancing route53 cloudfront apigateway directconnect "
        "globalaccelerator networking clouddns cloudcdn loadbalancer loadbalancers bandwidth "
        "virtualnetwork datatransfer"
    ),
    "Security": "kms keymanagementservice secretsmanager guardduty waf shield inspector securityhub keyvault",
    "Storage": (
        "s3 simplestorageservice efs elasticfilesystem fsx glacier backup ebs elasticblockstore cloudstorage filestore "
        "spaces volumes snapshots storage objectstorage blockstorage"
    ),
}
_SERVICES = {name: category for category, names in _OF_SERVICES.items() for name in names.split()}
_VENDOR = re.compile(r"^(amazon|aws|azure|microsoft|googlecloud|google|oci|oracle)")


def category(delivered: str | None, service: str | None) -> str:
    """One of :data:`CATEGORIES`: the bill's own in FOCUS's spelling, else by the service's name, else Other."""
    if delivered is not None and (spelled := _SPELLED.get(delivered.strip().casefold())):
        return spelled
    name = re.sub(r"[^a-z0-9]", "", (service or "").casefold())
    return _SERVICES.get(name) or _SERVICES.get(_VENDOR.sub("", name), OTHER)
