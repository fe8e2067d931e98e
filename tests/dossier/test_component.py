"""Components: the framework's names, and what files belong to."""

import pytest
import yaml

from openweir.dossier import COMPONENTS, MODEL_COMPONENTS, MOF_COMPONENTS, component_of
from shared_data import shared


def test_names_and_types_are_the_frameworks():
    """The seventeen components are those of the Model Openness Tool, to the letter."""
    settings = yaml.safe_load(shared("mot/mof.settings.yml").read_text())
    assert dict(MOF_COMPONENTS) == {
        item["name"]: item["content_type"] for item in settings["components"]
    }


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("model.safetensors", "Model parameters (Final)"),
        ("model-00001-of-00002.safetensors", "Model parameters (Final)"),
        ("model.safetensors.index.json", "Model parameters (Final)"),
        ("pytorch_model.bin", "Model parameters (Final)"),
        ("llama.gguf", "Model parameters (Final)"),
        ("unet/diffusion_pytorch_model.safetensors", "Model parameters (Final)"),
        ("checkpoint-500/model.safetensors", "Model parameters (Intermediate)"),
        ("checkpoint-500/optimizer.pt", "Model metadata"),
        ("adapter_model.safetensors", "Adapters"),
        ("adapter_config.json", "Adapters"),
        ("config.json", "Model architecture"),
        ("generation_config.json", "Model architecture"),
        ("modeling_olmo.py", "Model architecture"),
        ("scheduler/scheduler_config.json", "Model architecture"),
        ("tokenizer.json", "Tokenizer"),
        ("tokenizer.model", "Tokenizer"),
        ("vocab.txt", "Tokenizer"),
        ("merges.txt", "Tokenizer"),
        ("chat_template.jinja", "Tokenizer"),
        ("README.md", "Model card"),
        ("LICENSE", "Licence"),
        ("LICENSE.txt", "Licence"),
        ("LICENSE-MIT", "Licence"),
        ("NOTICE", "Licence"),
        ("USE_POLICY.md", "Licence"),
        ("eval_results.json", "Evaluation results"),
        (".eval_results/mmlu.yaml", "Evaluation results"),
        ("train.py", "Training code"),
        ("training/loop.py", "Training code"),
        ("eval/run.py", "Evaluation code"),
        ("preprocess_corpus.py", "Data preprocessing code"),
        ("generate.py", "Inference code"),
        ("setup.py", "Supporting libraries and tools"),
        ("data/part-0.parquet", "Datasets"),
        ("data/README.md", "Data card"),
        ("tech_report.pdf", "Technical report"),
        ("banner.png", "Other documents"),
        (".gitattributes", "Repository files"),
        ("weights.dat", "Other files"),
    ],
)
def test_files_belong_to_components(path, component):
    """The files of Hugging Face layout folders are named for what they are."""
    assert component_of(path) == component


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE.safetensors", "README.bin", "report.pdf.pt", "docs/paper.gguf", "NOTICE.dat",
        "eval_results.safetensors", ".eval_results/x.bin", "LICENSE-x.dat",
    ],
)  # fmt: skip
def test_nothing_that_may_hold_weights_is_a_document(path):
    """A file that a loader may read counts as model, however it is named."""
    assert component_of(path) in MODEL_COMPONENTS


def test_model_components_are_all_that_are_no_documents():
    """Exactly the documents are left out of the model's digest."""
    assert {name for name, kind in COMPONENTS.items() if kind == "document"} == set(
        COMPONENTS
    ) - MODEL_COMPONENTS
