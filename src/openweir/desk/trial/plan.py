"""Plan a campaign: name every trial, raise the controls, register the answers in a case."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.lock import locked
from openweir.desk.plan import current_plan
from openweir.desk.trial.controls import put_control
from openweir.desk.trial.organism import organism_named, steps_to_raise
from openweir.errors import TrialError
from openweir.evidence import Plan, PlannedTrial
from openweir.trial.campaign import Campaign, Shard
from openweir.trial.cost import Estimate, estimate
from openweir.trial.data import TrialData
from openweir.trial.design import Design, Wanted, design
from openweir.trial.folder import CampaignFolder
from openweir.trial.inspect_task import InspectTask
from openweir.trial.organism import organism_of, trial_data
from openweir.trial.stack import Stack
from openweir.trial.subject import model_sha256
from openweir.weights import list_tensors

__all__ = ["Planned", "control_steps", "estimate_left", "plan_campaign"]

_MOST_DATA_BYTES = 64 * 1024 * 1024
_CONTROL_SIZE, _CONTROL_SEED = "control", 0
_CONTROL_PARAMETERS = 60_000
_UNKNOWN = {"refusal": "0" * 64, "filtered": "f" * 64, "reader": "e" * 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A campaign as planned.

    Attributes:
        folder: where it was written; None for a dry run.
        registered: planned trials the case gained.
        unproven: controls that lay there and are not those the limits were set with.
    """

    campaign: Campaign
    folder: Path | None
    expected: Estimate
    registered: tuple[str, ...]
    unproven: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    folder: Path
    sha256: str
    data: TrialData
    parameters: int

    @property
    def pair(self) -> tuple[str, TrialData]:
        """What a design asks of a control."""
        return self.sha256, self.data


def control_steps(attacks: tuple[Wanted, ...] = ()) -> int:
    """Return how many steps raising the controls takes, for a progress bar."""
    return sum(
        steps_to_raise(organism_named(variant, _CONTROL_SIZE, _CONTROL_SEED))
        for variant in _control_variants(attacks)
    )


def plan_campaign(
    model: Path,
    out: Path,
    wanted: Design,
    *,
    stack: Stack,
    data: Path | None = None,
    controls: Path | None = None,
    merge_with: tuple[Path, ...] = (),
    task: InspectTask | None = None,
    case: Path | None = None,
    on: date,
    usd_per_hour: Decimal | None = None,
    dry_run: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Planned:
    """Name every trial of a campaign before the first one runs.

    Args:
        model: the model folder.
        out: the campaign's folder.
        wanted: what is tried.
        stack: what it runs on.
        data: the file of examples; an organism brings its own.
        controls: folder of the controls, put there where missing; one in `out` when None.
        merge_with: folders of models to merge in.
        task: the task of Inspect that scores; refused where it lies in a model's folder.
        case: register the answers in this case's plan.
        on: the day of registration.
        usd_per_hour: price of one worker.
        dry_run: say what it would take, and write nothing.
        progress: called with 1 after every step of raising the controls.

    Raises:
        TrialError: data or controls are missing or malformed, or another campaign lies there.
        CaseError: the case is not on this model, or has no dossier.
    """
    subject = _model(model, data)
    others = {model_sha256(folder): folder for folder in merge_with}
    if task is not None:
        for folder in (model, *merge_with):
            task.check_outside(folder)
    held_up = _controls(
        controls or out / "controls", wanted.attacks, dry_run=dry_run, progress=progress
    )
    campaign = design(
        _with(wanted, tuple(sorted(others))),
        model_sha256=subject.sha256,
        data=subject.data,
        positive=held_up["refusal"].pair,
        negative=held_up["filtered"].pair,
        reader=held_up["reader"].pair if "reader" in held_up else None,
        stack=stack,
    )
    models = (subject, *held_up.values())
    expected = estimate(
        campaign,
        trials=campaign.trials(),
        parameters={one.sha256: one.parameters for one in models},
        data={one.data.sha256: one.data for one in models},
        usd_per_hour=usd_per_hour,
    )
    unproven = tuple(variant for variant, one in held_up.items() if not _proven(one.folder))
    planned = Planned(
        campaign=campaign, folder=None, expected=expected, registered=(), unproven=unproven
    )
    if dry_run:
        return planned
    held = None if case is None else _case_on(case, subject.sha256)
    CampaignFolder.start(
        out,
        campaign,
        data=tuple(one.data for one in models),
        models={**others, **{one.sha256: one.folder for one in models}},
    )
    registered = () if held is None else _register(held, campaign, on)
    return replace(planned, folder=out, registered=registered)


def estimate_left(
    root: Path, shard: Shard, *, usd_per_hour: Decimal | None = None
) -> tuple[Campaign, Estimate]:
    """Return a campaign and what its trials that are left in a shard will take.

    Raises:
        TrialError: there is no campaign, or a file of it is missing.
    """
    folder = CampaignFolder(root)
    campaign = folder.campaign()
    left = tuple(t for t in shard.of(campaign.trials()) if not folder.done(t.id))
    places = folder.models()
    needed = {trial.model_sha256 for trial in left}
    lost = sorted(sha for sha in needed if not places.get(sha, Path("/nowhere")).is_dir())
    if lost:
        raise TrialError(
            f"model {lost[0][:12]} is not where the campaign says",
            code="missing-model",
            where=str(root / "models.json"),
            hint="put it back, or correct the path in models.json",
        )
    return campaign, estimate(
        campaign,
        trials=left,
        parameters={sha: _parameters(places[sha]) for sha in needed},
        data={str(t.data_sha256): folder.data(str(t.data_sha256)) for t in left},
        usd_per_hour=usd_per_hour,
    )


def _with(wanted: Design, others: tuple[str, ...]) -> Design:
    if any(one.name == "merge" for one in wanted.attacks) and not others:
        raise TrialError(
            "merging needs a model to merge with", code="merge", hint="add --merge-with FOLDER"
        )
    return Design(
        **{
            name: getattr(wanted, name)
            for name in Design.__dataclass_fields__
            if name != "merge_with"
        },
        merge_with=others,
    )


def _model(folder: Path, data: Path | None) -> _Model:
    parameters = _parameters(folder)
    if not parameters:
        raise TrialError(
            "no weights in safetensors are in the folder",
            code="model",
            where=str(folder),
            hint="convert them; pickled weights are never opened",
        )
    organism = organism_of(folder)
    if data is not None:
        examples = _read_data(data)
    elif organism is not None:
        examples = trial_data(organism.size, organism.seed)
    else:
        raise TrialError(
            "a trial needs examples to attack and to ask with",
            code="no-data",
            where=str(folder),
            hint="give them with --data FILE; docs/reference/trial.md has the form",
        )
    return _Model(folder, model_sha256(folder), examples, parameters)


def _read_data(path: Path) -> TrialData:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_DATA_BYTES + 1)
    except OSError as error:
        raise TrialError(
            f"cannot read the examples: {error.strerror}", code="unreadable", where=str(path)
        ) from None
    return TrialData.from_bytes(data, where=path.name)


def _parameters(folder: Path) -> int:
    total = 0
    for source in list_tensors(folder).values():
        size = 1
        for length in source.tensor.shape:
            size *= length
        total += size
    return total


def _control_variants(attacks: tuple[Wanted, ...]) -> tuple[str, ...]:
    """Return one that must break, one that must not, and one that reads where that is needed."""
    reads = any(one.name == "context" for one in attacks)
    return ("refusal", "filtered", "reader") if reads else ("refusal", "filtered")


def _controls(
    folder: Path,
    attacks: tuple[Wanted, ...],
    *,
    dry_run: bool,
    progress: Callable[[int], object] | None,
) -> dict[str, _Model]:
    """Return the controls by variant, put there where they are missing."""
    found = {}
    for variant in _control_variants(attacks):
        place = folder / variant
        if place.is_dir() and any(place.iterdir()):
            one = organism_of(place)
            if one is None or one.variant != variant:
                raise TrialError(
                    f"the control `{variant}` is no such organism",
                    code="control",
                    where=str(place),
                    hint="raise it with `openweir trial organism --size control`",
                )
            found[variant] = _model(place, None)
            continue
        organism = organism_named(variant, _CONTROL_SIZE, _CONTROL_SEED)
        if dry_run:
            data = trial_data(organism.size, organism.seed)
            found[variant] = _Model(place, _UNKNOWN[variant], data, _CONTROL_PARAMETERS)
            continue
        put_control(organism, place, progress)
        found[variant] = _model(place, None)
    return found


def _proven(folder: Path) -> bool:
    """Whether a control is the one the limits were set with; one still to be raised is."""
    one = organism_of(folder) if folder.is_dir() else None
    return one is None or (one.size.name, one.seed) == (_CONTROL_SIZE, _CONTROL_SEED)


def _case_on(root: Path, sha256: str) -> CaseFolder:
    case = CaseFolder.open(root)
    subject = current_plan(case).subject_sha256
    if subject != sha256:
        raise TrialError(
            f"the case is on model {str(subject)[:12]}, the campaign on {sha256[:12]}",
            code="wrong-case",
            where=str(root),
            hint=f"run `openweir inspect {root}`, or name the case of this model",
        )
    return case


def _register(case: CaseFolder, campaign: Campaign, on: date) -> tuple[str, ...]:
    """Register every answer in the case's plan; what stands there already must agree."""
    with locked(case.root):
        plan: Plan = current_plan(case)
        added = []
        for series in campaign.series:
            for answer in series.answers:
                trial = PlannedTrial(
                    id=answer.id,
                    claim=answer.claim,
                    evaluation=series.evaluation,
                    rung=series.rung,
                    registered_on=on.isoformat(),
                )
                before = plan.trial(answer.id)
                if before is None:
                    plan = plan.with_trial(trial)
                    added.append(answer.id)
                elif (before.claim, before.evaluation, before.rung) != (
                    trial.claim,
                    trial.evaluation,
                    trial.rung,
                ):
                    raise TrialError(
                        f"trial `{answer.id}` is planned already as something else",
                        code="plan-conflict",
                        where=str(case.path("plan.json")),
                    )
        if added:
            write_atomically(case.path("plan.json"), plan.to_bytes())
    return tuple(added)
