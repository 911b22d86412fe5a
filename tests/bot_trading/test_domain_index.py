"""Which test holds which rule of bot trading: every case of the rules' page, and every section of it, names its tests."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("tests/bot_trading", "tests/browser", "tests/runtime", "examples/dca-bot/tests")

CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("100 → 93", ("test_one_quote_from_100_to_93_then_101", "test_one_quote_from_100_to_93_then_101_through_the_lane")),
    ("98.00 / 98.01", ("test_ask_98_00_fills_and_98_01_does_not_and_again_fills_nothing",)),
    ("98 ↔ 100", ("test_98_and_100_ten_times", "test_98_and_100_ten_times_through_the_lane")),
    ("115", ("test_up_to_115_and_back_at_107", "test_up_to_115_and_back_at_107_through_the_lane")),
    (
        "100–100.05",
        (
            "test_range_100_to_100_05_with_10_cells_on_tick_0_01_is_refused_at_most_5_fit",
            "test_range_100_to_100_05_lets_five_cells_fit",
        ),
    ),
    (
        "minimum notional 5",
        (
            "test_investment_20_with_minimum_notional_5_is_refused_least_investment_53_9860",
            "test_the_least_investment_is_the_one_that_is_accepted",
        ),
    ),
    ("1.0980, 1.0960, 1.1010", ("test_50_20_through_1_1000_1_0980_1_0960_1_1010_wins_27",)),
    (
        "1.0985, 1.0935",
        ("test_a_gap_opens_one_level_and_the_next_trigger_is_its_own_stop", "test_a_gap_opens_one_level_only"),
    ),
    ("100 → 92", ("test_a_quote_from_100_to_92_fills_at_99_97_and_93",)),
    (
        "crash between",
        (
            "test_a_crash_between_a_fill_and_its_booking_leaves_one_fill_row_and_one_counter_order",
            "test_a_crash_between_storing_a_stop_and_carrying_it_out_loses_and_doubles_nothing",
        ),
    ),
    (
        "3 running and 2 paused",
        ("test_module_off_with_keep_halts_three_running_and_two_paused_bots_and_on_again_none_starts",),
    ),
)
"""A word of the case, in the order of the page, and the tests that hold it."""

RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "Bot trading: the rules": {
        "live, preview and backtest are one code": (
            "test_a_run_by_the_pure_code_equals_the_golden_one",
            "test_the_golden_runs_on_ticks_come_out_of_the_preview_to_the_last_digit",
            "test_the_golden_runs_on_bars_come_out_of_the_preview_to_the_last_digit",
            "test_a_run_through_the_module_and_the_lane_equals_the_golden_one",
            "test_a_whole_run_through_lane_and_database_equals_the_golden_one",
        ),
    },
    "Who may run what": {
        "module, tenant, customer, account": (
            "test_the_pages_are_gone_while_the_module_is_off_and_the_bot_waits_for_its_owner",
            "test_a_strategy_that_is_not_allowed_to_the_customer_is_refused",
            "test_somebody_elses_account_is_not_found",
        ),
        "rulings and the usage report": (
            "test_staff_rule_which_strategies_a_customer_may_run_and_the_report_tells_who_runs_which",
        ),
        "limits": (
            "test_limits_of_the_tenant_bound_bots_levels_and_losses",
            "test_the_brokerage_limits_the_multiplier_and_the_spread",
            "test_the_brokerages_limits_are_for_the_fields_that_count",
        ),
    },
    "Numbers": {
        "both sides": ("test_buys_open_at_the_ask_and_are_measured_at_the_bid",),
        "own limit price, and only what rested before": (
            "test_an_order_placed_because_of_a_quote_waits_for_the_next_one",
            "test_the_target_rests_and_fills_at_its_own_price",
        ),
    },
    "Spot Grid": {
        "levels": ("test_geometric_levels_are_rounded_half_up_to_the_tick",),
        "one order for each cell": (
            "test_total_is_equity_less_investment_and_each_cell_has_one_order_after_each_event",
        ),
        "cells held at the start": (
            "test_start_at_100_buys_the_held_cells_and_leaves_the_level_above_without_an_order",
            "test_a_start_below_the_range_holds_all_cells_and_one_above_holds_none",
        ),
        "size": ("test_a_grid_that_uses_all_of_the_accounts_money_buys_every_cell",),
        "grid profit beside the total": ("test_grid_profit_never_stands_without_the_total_beside_it",),
        "refusals": (
            "test_a_cell_that_earns_nothing_after_commission_is_refused_by_its_number",
            "test_missing_funds_are_refused_with_what_is_missing",
            "test_of_two_launches_at_once_against_the_same_money_one_is_accepted",
        ),
        "reservation": ("test_a_launch_reserves_the_investment_and_buys_the_held_cells",),
        "funds missing later": (
            "test_funds_missing_blocks_the_cell_alerts_once_and_the_others_go_on",
            "test_missing_money_blocks_the_cell_and_it_is_tried_again_by_itself",
        ),
        "trigger, take-profit, stop-loss": (
            "test_a_trigger_price_starts_the_grid_when_the_ask_reaches_it",
            "test_the_take_profit_ends_the_grid_and_keep_leaves_what_it_holds",
            "test_the_stop_loss_fills_what_the_quote_touched_and_then_sells_all_at_the_quote",
        ),
        "trailing and compounding": (
            "test_trailing_up_moves_the_grid_cell_by_cell_within_its_own_cash",
            "test_trailing_down_moves_the_highest_cells_holding_to_the_bottom_without_a_trade",
            "test_compounding_enlarges_the_orders_that_follow_and_stays_within_the_cash",
        ),
    },
    "Martingale": {
        "levels, targets and stops": (
            "test_the_stop_of_the_last_level_closes_all_and_the_cycle_is_lost",
            "test_the_next_cycle_opens_on_the_quote_after_the_close",
        ),
        "formulas and the table": (
            "test_the_formulas_for_a_multiplier_of_2",
            "test_profit_of_each_level_and_the_loss_at_the_end",
            "test_another_multiplier_adds_the_levels_up",
        ),
        "refusals": (
            "test_a_take_profit_that_loses_at_some_level_is_refused_and_the_level_named",
            "test_levels_whose_lots_do_not_grow_on_the_lot_step_are_refused",
            "test_needed_are_the_margin_of_all_levels_and_the_worst_case",
            "test_a_stop_below_three_spreads_is_refused_with_the_least",
        ),
        "cycles": ("test_cycles_once_n_and_repeat", "test_most_cycles_an_hour"),
        "daily loss limit": ("test_the_daily_loss_limit_holds_until_the_next_day_of_the_feed",),
        "safety orders": (
            "test_prices_averages_and_take_profits_of_the_table",
            "test_needed_are_the_first_and_all_safety_orders_and_they_are_reserved",
        ),
        "guards": (
            "test_no_cycle_begins_while_the_spread_exceeds_30_percent_of_the_stop",
            "test_no_level_opens_in_a_wide_spread_and_exits_go_on",
            "test_60_s_of_cooldown_after_a_final_stop_by_the_time_of_the_prices",
            "test_no_order_on_a_stale_quote",
            "test_no_order_on_a_quote_that_leaps_beyond_the_deviation_limit",
            "test_no_strategy_orders_on_a_stale_or_leaping_quote",
        ),
        "the day without guards and with them": (
            "test_without_guards_92_of_93_final_stops_fall_within_a_minute_of_another",
            "test_a_spread_guard_of_3_pips_and_60_s_of_cooldown_leave_21_cycles_and_one_final_stop",
        ),
    },
    "Reverse Martingale": {
        "anti": (
            "test_a_full_streak_earns_155",
            "test_the_first_loss_at_each_level",
            "test_the_doubled_position_opens_on_the_very_quote_that_closed_the_winner",
            "test_after_the_streak_and_after_a_loss_the_next_opens_on_the_quote_after",
        ),
        "alternate": (
            "test_alternate_doubles_and_turns_after_a_loss_and_keeps_the_positions",
            "test_alternate_needs_a_hedging_account",
        ),
    },
    "Life of a bot": {
        "pause": ("test_a_paused_bot_still_sells", "test_a_paused_ladder_honours_its_take_profit_and_begins_no_cycle"),
        "pauses stack": ("test_reasons_of_pauses_stack_and_a_customer_cannot_lift_an_admins",),
        "resume": (
            "test_a_resume_shows_what_would_execute_at_once_and_needs_a_confirmation",
            "test_resume_only_from_paused",
        ),
        "stop, keep": (
            "test_stop_and_keep_leaves_the_positions_and_frees_the_money",
            "test_stop_keep_leaves_the_positions_with_the_stops_and_targets_that_the_bot_had",
        ),
        "stop, close all": (
            "test_stop_and_close_all_sells_each_position_at_the_market",
            "test_stop_close_closes_each_level_once_and_stop_keep_none",
        ),
        "wind down": (
            "test_wind_down_leaves_by_the_grids_own_sells_and_ends_when_flat",
            "test_wind_down_leaves_by_the_ladders_own_exits_and_ends_when_flat",
        ),
        "stop beats pause, a second stop is refused": (
            "test_stop_beats_pause",
            "test_a_second_different_stop_is_refused_with_the_first_and_the_same_is_the_first",
        ),
        "commands are stored and finished by anyone": (
            "test_a_command_sent_twice_acts_once",
            "test_a_command_whose_process_died_is_finished_by_any_worker",
        ),
        "bulk and kill switch": (
            "test_a_bulk_pause_holds_every_bot_and_says_how_far_it_is",
            "test_a_bulk_stop_closes_each_position_at_the_market_and_the_estimate_was_right",
            "test_a_bulk_stop_that_keeps_means_what_a_single_one_means",
            "test_one_bot_that_fails_harms_no_other_and_is_tried_again",
            "test_a_batch_whose_worker_died_is_finished_by_any_other",
            "test_the_kill_switch_halts_all_that_could_open_and_nothing_starts_again_by_itself",
            "test_a_halted_bot_can_be_stopped_and_only_a_halt_from_outside_is_lifted",
        ),
        "one order for each cell, proven and mended": (
            "test_a_running_grid_has_exactly_one_order_for_each_cell_at_every_price",
            "test_an_order_that_nobody_watches_is_watched_again_and_fills",
            "test_what_filled_after_a_bot_had_ended_is_closed_or_handed_over_as_its_stop_says",
        ),
        "commands and the switch at once": (
            "test_a_command_during_a_switch_off_waits_for_it_and_then_acts_on_what_it_left",
            "test_nothing_is_launched_into_a_module_that_goes_off",
        ),
        "closed by hand": (
            "test_a_position_closed_by_hand_is_noticed_and_no_counter_order_follows",
            "test_a_close_by_hand_that_was_not_noticed_is_taken_from_the_fills_and_no_counter_order_follows",
        ),
        "the customer's way": ("test_a_customer_goes_all_the_way_with_a_bot",),
    },
    "Bot Stats and Mission Control": {
        "stats": (
            "test_the_sum_over_strategies_is_the_aggregate_is_the_sum_over_bots",
            "test_win_rate_counts_cycles_and_the_worst_drawdown_is_the_deepest_fall",
            "test_active_and_historical_bots_are_counted_by_state",
            "test_amounts_without_a_rate_are_left_out_and_named_and_never_added",
            "test_each_days_last_look_is_kept_by_strategy_and_the_line_ends_with_now",
            "test_bot_stats_shows_totals_strategies_and_history_with_filters_and_files",
        ),
        "mission control": (
            "test_mission_control_filters_sorts_and_exports",
            "test_mission_control_is_smooth_with_5000_bots",
            "test_staff_stop_chosen_bots_together_and_see_how_far_it_is",
            "test_staff_command_many_bots_and_halt_all_with_progress",
            "test_staff_follow_the_how_to_with_bots",
        ),
        "alerts": (
            "test_a_large_floating_loss_is_told_once_and_settles_when_it_is_a_tenth_smaller",
            "test_many_orders_a_minute_are_told_and_settle",
            "test_many_cycles_an_hour_are_told_and_settle",
            "test_many_rejected_orders_are_told_and_a_few_orders_say_nothing",
            "test_a_bot_that_waits_with_a_reason_for_long_is_told_and_one_that_merely_rests_is_not",
        ),
        "decision log": (
            "test_a_run_begins_where_the_days_begin_and_shows_its_decisions",
            "test_a_bots_page_for_staff_has_its_commands_with_who_and_why_and_a_log_that_filters",
        ),
    },
}
"""By section of the page: the rule in a few words, and the tests that hold it."""


@lru_cache(maxsize=1)
def known_tests() -> frozenset[str]:
    found = set()
    for place in PLACES:
        for path in (ROOT / place).rglob("test_*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            found |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return frozenset(found)


def test_every_test_that_is_named_here_is_there() -> None:
    named = {name for _case, names in CASES for name in names}
    named |= {name for rules in RULES.values() for names in rules.values() for name in names}
    assert named - known_tests() == set()


@pytest.mark.shared
def test_every_case_and_every_section_of_the_page_names_its_tests(shared_dir: Path) -> None:
    page = (shared_dir / "domain" / "bot-trading.md").read_text("utf-8")
    rules, _, cases = page.partition("\n## Cases\n")
    rows = [line.split("|")[1] for line in cases.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row.strip() != "when"]
    assert len(rows) == len(CASES)
    for row, (word, names) in zip(rows, CASES, strict=True):
        assert word in row
        assert names
    headings = [line.lstrip("# ") for line in rules.splitlines() if line.startswith("#")]
    assert headings == list(RULES)
