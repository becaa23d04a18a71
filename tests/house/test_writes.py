"""Every place of the package that deletes, makes or overwrites something on disk, and the test that holds it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "degrade_bench"

METHODS = {
    *("unlink", "rmdir", "rmtree", "remove_tree", "removedirs", "rename", "renames", "touch", "truncate"),
    *("write_text", "write_bytes", "savefig", "to_csv", "to_parquet", "to_pickle", "to_feather"),
    *("mkdir", "makedirs", "mkdtemp", "mkstemp", "symlink_to", "hardlink_to", "link_to", "chmod"),
    *("write_table", "copyfile", "copytree", "copy2", "NamedTemporaryFile", "TemporaryDirectory", "FileLock"),
    *("TemporaryFile", "open_output_stream", "delete_file", "delete_dir"),
}
OF_A_MODULE = {
    *("os.replace", "os.remove", "os.truncate", "os.symlink", "os.link", "shutil.move", "shutil.copy"),
    *("soundfile.write", "sf.write", "torch.save", "np.save", "np.savez", "json.dump", "pickle.dump"),
}
OURS = {
    *("write_text", "replacing", "write_table", "write_audio", "write_record", "remove", "ownership.remove"),
    *("objects.write", "objects.delete"),
}
"""Functions of the package that write where they are told to."""

MEMORY = "nothing on disk"
OWN, FILES = "tests/runs/test_ownership.py", "tests/support/test_files.py"
USERS = f"{OWN}::test_a_folder_of_the_users_is_refused_and_left_as_it_was"
OTHERS = f"{OWN}::test_so_is_it_by_everything_else_that_writes_into_a_folder"
STAYS = f"{OWN}::test_what_is_not_listed_stays_whatever_its_name"
UNLISTED = f"{OWN}::test_a_file_in_our_folder_that_is_not_listed_is_not_written_over"
LINKED = f"{OWN}::test_a_linked_directory_is_neither_emptied_nor_written_into"
LOCKED = f"{OWN}::test_locking_cuts_nothing_off"
KILLED = f"{OWN}::test_a_run_that_was_killed_at_any_write_can_go_on_and_be_thrown_away"
LISTING = f"{OWN}::test_only_names_of_products_can_be_claimed"
WHOLE = f"{FILES}::test_only_a_plain_file_is_replaced"
REFUSED = "tests/runs/test_folder.py::test_a_run_that_was_refused_leaves_what_was_there_and_what_it_wrote"
HALF = "tests/runs/test_folder.py::test_a_failed_block_leaves_nothing"
REPORT = "tests/reports/test_foreign_folder.py::test_a_report_touches_nothing_of_the_users"
PAGES = "tests/reports/test_pages.py::test_a_comparison_writes_its_page_beside_its_tables"
RENDER = "tests/cli/test_writes.py::test_render_writes_over_plain_files_only"
SELFTEST = "tests/cli/test_writes.py::test_what_writes_into_a_folder_of_the_users_is_refused"
STORED = "tests/runs/stored/test_working.py"
BESIDE = f"{STORED}::test_what_is_somebody_elses_beside_a_run_stays"
FOREIGN = f"{STORED}::test_a_prefix_that_holds_anything_else_is_refused_and_left_as_it_was"
IN_THE_WAY = f"{STORED}::test_a_file_of_somebodys_where_one_of_ours_is_to_be_is_refused"
TWO = f"{STORED}::test_two_runs_at_a_time_are_refused"
DEAD = f"{STORED}::test_a_run_of_another_machine_has_its_lock_until_it_is_silent_for_long"
GONE = f"{STORED}::test_what_a_run_removes_while_it_is_read_is_passed_over"
CUT_OFF = f"{STORED}::test_a_run_that_was_cut_off_writes_nothing_over_the_one_that_took_over"
TAKEN = f"{STORED}::test_a_run_whose_lock_was_taken_sends_nothing_more"
MIRRORED = "tests/runs/stored/test_mirror.py"
MOVED = f"{MIRRORED}::test_what_stood_in_the_way_and_was_moved_is_forgotten"
PARTLY = f"{MIRRORED}::test_a_local_place_that_was_removed_in_part_counts_for_nothing"
CLEARED = f"{MIRRORED}::test_what_a_cleaner_of_caches_removed_here_stays_there"
SENT = f"{STORED}::test_the_table_is_that_of_a_local_run_and_nothing_else_is_left"
KEPT = "tests/corpus/test_stored_inputs.py::test_a_listing_fetches_little_and_nothing_is_kept"
GUARD = "tests/support/test_guard.py::test_closed_streams_are_open_again"
ENVIRONMENT = "tests/metric/outside/test_environments.py::test_only_what_is_ours_is_removed"
CHECKED = "tests/expect/test_check.py::test_wrong_arguments_are_refused"
GATED = "tests/gates/test_gate.py::test_a_folder_without_scores_or_with_a_foreign_file_is_refused"
NOWHERE = "the null device"
TEMPORARY = "a new temporary directory"

WRITES = (
    ("_support/files.py", "replacing", "open", WHOLE),
    ("_support/files.py", "replacing", "os.replace", WHOLE),
    ("_support/files.py", "replacing", "unlink", HALF),
    ("_support/files.py", "write_text", "replacing", WHOLE),
    ("_support/files.py", "write_text", "write_text", WHOLE),
    ("_support/objects.py", "_opened", "TemporaryFile", KEPT),
    ("_support/objects.py", "_write", "open_output_stream", FOREIGN),
    ("_support/objects.py", "delete", "delete_file", BESIDE),
    ("_support/guard.py", "_streams_open.restore", "open", GUARD),
    ("analysis/achieved.py", "achieved_strengths", "rename", MEMORY),
    ("analysis/drops.py", "_net", "rename", MEMORY),
    ("analysis/frames.py", "csv_text", "to_csv", MEMORY),
    ("analysis/result.py", "write", "write_text", REPORT),
    ("bench/dry_run.py", "dry_run", "TemporaryDirectory", TEMPORARY),
    ("bench/in_memory.py", "stress_test", "mkdtemp", TEMPORARY),
    ("cli/checks.py", "_flac", "soundfile.write", MEMORY),
    ("cli/streams.py", "ForgivingStream._give_up", "open", NOWHERE),
    ("cli/streams.py", "_open", "open", NOWHERE),
    ("cli/render.py", "render_file", "write_audio", RENDER),
    ("cli/render.py", "render_file", "write_text", RENDER),
    ("clip/audio.py", "write_audio", "replacing", RENDER),
    ("clip/audio.py", "write_audio", "write_bytes", RENDER),
    ("compare/cover.py", "cover", "rename", MEMORY),
    ("compare/result.py", "write", "write_text", OTHERS),
    ("degrade/dsp/codec.py", "_wav.coder", "soundfile.write", MEMORY),
    ("expect/reports.py", "write_reports", "write_text", CHECKED),
    ("expect/session.py", "Bench.__init__", "TemporaryDirectory", TEMPORARY),
    ("gates/result.py", "write", "write_text", GATED),
    ("metric/outside/audio.py", "written", "TemporaryDirectory", TEMPORARY),
    ("metric/outside/audio.py", "written", "soundfile.write", TEMPORARY),
    ("metric/outside/audio.py", "written", "write_bytes", TEMPORARY),
    ("metric/outside/bridge.py", "main", "open", MEMORY),
    ("metric/outside/environments.py", "_empty", "rmtree", ENVIRONMENT),
    ("metric/outside/environments.py", "_empty", "unlink", ENVIRONMENT),
    ("metric/outside/environments.py", "made", "FileLock", ENVIRONMENT),
    ("metric/outside/environments.py", "made", "mkdir", ENVIRONMENT),
    ("metric/outside/environments.py", "made", "write_text", ENVIRONMENT),
    ("metric/outside/environments.py", "remove", "rmdir", ENVIRONMENT),
    ("reports/figures/drawing.py", "save", "remove", REPORT),
    ("reports/figures/drawing.py", "_save_figure", "replacing", REPORT),
    ("reports/html.py", "write_page", "write_text", REPORT),
    ("reports/pdf.py", "write_pdf", "replacing", REPORT),
    ("reports/pdf.py", "write_pdf", "savefig", REPORT),
    ("reports/pdf.py", "_footed", "savefig", REPORT),
    ("reports/write.py", "write_report", "write_text", REPORT),
    ("reports/figures/drawing.py", "save_as", "savefig", REPORT),
    ("reports/figures/drawing.py", "_save_png", "write_bytes", REPORT),
    ("reports/figures/drawing.py", "save_as", "write_text", REPORT),
    ("plot.py", "save", "replacing", WHOLE),
    ("reports/export.py", "to_mlflow", "to_csv", MEMORY),
    ("reports/figures/shown.py", "ShownFigure._repr_png_", "savefig", MEMORY),
    ("reports/comparison.py", "write_comparison_page", "write_text", PAGES),
    ("reports/leaderboard.py", "write_leaderboard", "write_text", WHOLE),
    ("runs/embeddings.py", "VectorFiles._merge", "unlink", LINKED),
    ("runs/embeddings.py", "VectorFiles.rows", "unlink", LINKED),
    ("runs/folder.py", "RunFolder.__init__", "FileLock", LOCKED),
    ("runs/folder.py", "RunFolder.__init__", "remove", STAYS),
    ("runs/folder.py", "RunFolder.finish", "remove", STAYS),
    ("runs/folder.py", "RunFolder.finish", "write_table", UNLISTED),
    ("runs/folder.py", "RunFolder.read_finished", "unlink", LINKED),
    ("runs/folder.py", "RunFolder.write_record", "write_record", USERS),
    ("runs/ownership.py", "_remove_shards", "unlink", STAYS),
    ("runs/ownership.py", "_write", "write_text", KILLED),
    ("runs/ownership.py", "begin", "mkdir", USERS),
    ("runs/ownership.py", "claim", "mkdir", LISTING),
    ("runs/ownership.py", "remove", "rmdir", STAYS),
    ("runs/ownership.py", "remove", "unlink", LINKED),
    ("runs/ownership.py", "remove_leftovers", "unlink", LINKED),
    ("runs/ownership.py", "withdraw", "remove", REFUSED),
    ("runs/ownership.py", "withdraw", "rmdir", REFUSED),
    ("runs/ownership.py", "withdraw", "unlink", REFUSED),
    ("runs/record.py", "write_record", "write_text", USERS),
    ("runs/set_values.py", "write_set_values", "replacing", UNLISTED),
    ("runs/shards.py", "write_clips", "replacing", LINKED),
    ("runs/shards.py", "write_clips", "write_bytes", LINKED),
    ("runs/shards.py", "write_shard", "replacing", LINKED),
    ("runs/shards.py", "write_shard", "write_bytes", LINKED),
    ("runs/shards.py", "write_shard", "write_table", MEMORY),
    ("runs/scores.py", "write_table", "replacing", UNLISTED),
    ("runs/scores.py", "write_table", "write_table", UNLISTED),
    ("selftest/figures.py", "write_figures", "replacing", SELFTEST),
    ("selftest/figures.py", "write_figures", "savefig", SELFTEST),
    ("selftest/summary.py", "write_summary", "write_text", SELFTEST),
    ("selftest/text.py", "errors_with_progress", "write_text", SELFTEST),
    ("runs/stored/contents.py", "copied.copy", "mkdir", SENT),
    ("runs/stored/contents.py", "copied.copy", "open", SENT),
    ("runs/stored/contents.py", "copied.copy", "os.replace", CLEARED),
    ("runs/stored/contents.py", "copied.copy", "unlink", GONE),
    ("runs/stored/lease.py", "Lease.__enter__", "delete", TWO),
    ("runs/stored/lease.py", "Lease.__enter__", "write", TWO),
    ("runs/stored/lease.py", "Lease.__exit__", "delete", TWO),
    ("runs/stored/lease.py", "Lease._other", "delete", DEAD),
    ("runs/stored/lease.py", "Lease._renew", "write", TAKEN),
    ("runs/stored/lease.py", "Lease._renew", "delete", CUT_OFF),
    ("runs/stored/mirror.py", "Mirror._copy", "write", IN_THE_WAY),
    ("runs/stored/mirror.py", "Mirror._list", "delete", FOREIGN),
    ("runs/stored/mirror.py", "Mirror._list", "write", FOREIGN),
    ("runs/stored/mirror.py", "Mirror._remove", "delete", BESIDE),
    ("runs/stored/reading.py", "fetched_all", "TemporaryDirectory", TEMPORARY),
    ("runs/stored/reading.py", "fetched_all", "mkdir", TEMPORARY),
    ("runs/stored/working.py", "_prepare", "mkdir", SENT),
    ("runs/stored/working.py", "_prepare", "touch", IN_THE_WAY),
    ("runs/stored/working.py", "_forget_foreign", "rmdir", MOVED),
    ("runs/stored/working.py", "_forget_foreign", "unlink", MOVED),
    ("runs/stored/working.py", "_remove", "unlink", PARTLY),
    ("runs/stored/working.py", "_tell", "write_text", SENT),
    ("runs/stored/working.py", "_remove", "rmtree", SENT),
    ("sweep/examples.py", "write_examples", "remove", STAYS),
    ("sweep/examples.py", "write_examples", "replacing", UNLISTED),
    ("sweep/examples.py", "write_examples", "write_bytes", UNLISTED),
)


def calls(path: Path) -> Iterator[tuple[str, str, str]]:
    """The module, the function and the name of every call that may write."""
    module = str(path.relative_to(PACKAGE))

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, str, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield from walk(child, f"{inside}.{child.name}".lstrip("."))
                continue
            if isinstance(child, ast.Call):
                whole = ast.unparse(child.func)
                last = whole.rpartition(".")[2]
                if whole in OF_A_MODULE:
                    yield module, inside, whole
                elif last in METHODS or whole in OURS:
                    yield module, inside, last
                elif last in ("open", "fdopen") and _writes(child):
                    yield module, inside, "open"
            yield from walk(child, inside)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), "")


def _writes(call: ast.Call) -> bool:
    """Whether an ``open`` is given a mode, or flags, that write; one that cannot be read here counts."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("mode", "flags"))]
    texts = [argument.value for argument in given if isinstance(argument, ast.Constant)]
    modes = [text for text in texts if isinstance(text, str) and set(text) <= set("rwxab+t")]
    return any(set(mode) & set("wxa+") for mode in modes) or "O_WRONLY" in ast.unparse(call)


def test_every_place_that_writes_or_deletes_is_in_the_table():
    found = {call for path in sorted(PACKAGE.rglob("*.py")) for call in calls(path)}
    listed = {(module, function, call) for module, function, call, _ in WRITES}
    assert found - listed == set(), "these are not in the table of this file"
    assert listed - found == set(), "these are in the table and no longer in the package"


@pytest.mark.parametrize("check", sorted({check for *_, check in WRITES} - {MEMORY, NOWHERE, TEMPORARY}))
def test_its_check_exists(check):
    file, _, name = check.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
