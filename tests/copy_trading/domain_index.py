"""Which tests hold which row of the page of rules: by section, then by a row's first cell or a rule's first words."""

from __future__ import annotations

from collections.abc import Mapping

C, R, F, M, P = (
    "test_cases.py",
    "rules/test_cases.py",
    "rules/test_figures.py",
    "test_mock_copies.py",
    "rules/test_properties.py",
)
G, S, ST = "rules/test_gates.py", "test_settings_of_a_subscription.py", "rules/test_statistics.py"
FOLLOWING, MASTERING, REPLICATION = "test_cases_of_following.py", "test_becoming_a_master.py", "test_replication.py"

INDEX: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Who may copy Three gates": {
        "A customer applies to": (
            f"{MASTERING}::test_an_application_shows_each_criterion_with_the_accounts_figures",
            f"{MASTERING}::test_staff_approve_or_reject_with_a_reason_and_a_rejected_customer_applies_again",
            f"{MASTERING}::test_automatic_approval_holds_for_applications_that_meet_all_criteria_alone",
            f"{MASTERING}::test_gates_of_following_and_applying_are_the_module_the_permission_and_the_account",
        ),
        "A master is public,": (
            f"{MASTERING}::test_a_private_master_is_followed_with_one_of_their_codes_alone",
            f"{FOLLOWING}::test_caps_private_masters_and_double_follows_are_refused",
        ),
        "No one follows themselves,": (
            f"{FOLLOWING}::test_no_one_follows_themselves_or_through_a_chain",
            f"{M}::test_it_decides_as_a_live_copy_does",
            f"{M}::test_it_keeps_its_own_money_and_sends_no_order",
            f"{M}::test_it_is_no_follower_and_no_asset_under_copy",
        ),
    },
    "Settings of a subscription": {
        "mode": (
            f"{S}::test_each_setting_has_the_tables_default",
            f"{C}::test_equities_10000_and_2500_buy_1_copies_0_25",
        ),
        "copy ratio": (f"{S}::test_each_setting_has_the_tenants_bound",),
        "fixed size": (f"{G}::test_fixed_money_is_sized_by_margin_or_by_notional",),
        "max open trades": (f"{C}::test_max_open_trades_3",),
        "minimum equity": (
            f"{C}::test_minimum_equity_500_at_480_skips_opens_and_mirrors_closes_and_passes_at_510_and_at_500",
        ),
        "slippage tolerance": (
            f"{S}::test_slippage_tolerances_by_class_are_a_tenth_a_half_and_one_and_a_half_percent",
            f"{P}::test_the_slippage_cap_is_within_the_tolerance_and_no_tick_short_of_it",
        ),
        "below minimum lot": (f"{G}::test_round_up_lifts_half_the_minimum_but_no_less",),
        "maximum lot": (f"{G}::test_the_maximum_lot_cuts_the_cumulative_order_and_flags_it",),
        "existing positions": (f"{FOLLOWING}::test_existing_positions_are_taken_over_as_the_follower_chose",),
        "copy stop-loss": (
            "test_copy_stop_loss.py::test_the_stop_is_reached_exactly_at_its_equity_and_not_just_above",
            "test_copy_stop_loss.py::test_it_is_for_good",
        ),
        "symbols": (f"{G}::test_contract_sizes_of_mapped_symbols_are_respected",),
        "reverse": (f"{G}::test_reverse_copies_the_other_side_within_its_own_slippage",),
    },
    "Sizing": {
        "proportional: floor_to_step( Q_m ×": (
            f"{P}::test_a_proportional_size_is_the_exact_quotient_rounded_down",
            f"{G}::test_the_ratio_is_capped_at_ten",
            f"{C}::test_master_eur_10000_follower_usd_2700_at_1_08_copies_0_25",
        ),
        "fixed lots: once for": (f"{R}::test_fixed_0_10_copies_one_master_order_of_three_fills_once",),
        "opens round down to": (
            f"{C}::test_raw_0_019_becomes_0_01_and_raw_0_004_is_skipped_below_min_lot",
            f"{C}::test_master_deposits_10000_with_a_position_open_then_buys_1_copies_0_10",
        ),
    },
    "Targets": {
        "A copied open or": (f"{P}::test_an_order_in_parts_is_copied_as_the_whole_order_would_be",),
        "A close of the": (f"{P}::test_the_error_never_exceeds_half_a_step_after_a_close_whatever_the_ratios",),
        "An open that fills": (
            "test_outside_venue.py::test_what_the_venue_leaves_unfilled_is_never_chased",
            f"{G}::test_fills_below_the_minimum_lot_pass_once_their_order_has_come_far_enough",
        ),
        "held counts what is": (
            "test_outside_venue.py::test_the_master_closes_while_the_open_is_under_way",
            f"{G}::test_a_position_skipped_at_its_open_stays_uncopied_through_later_fills_and_adds",
        ),
        "A flip in one": (f"{C}::test_netting_flip_closes_0_25_then_opens_short_0_12",),
    },
    "Gates for an open or an increase": {
        "a skip record": (
            f"{G}::test_each_gate_writes_its_own_reason",
            f"{G}::test_the_first_failing_gate_is_the_one_that_is_written",
            f"{G}::test_the_named_setting_lets_the_copy_through",
        ),
        "closes pass no gate": (
            f"{C}::test_master_closes_2_percent_away_is_executed_at_market",
            f"{P}::test_a_close_is_reduce_only_and_never_more_than_is_really_held",
            f"{REPLICATION}::test_a_customer_without_the_permission_is_skipped_and_closes_still_follow",
        ),
    },
    "States": {
        "subscription: active, paused, stopping,": (
            f"{S}::test_pauses_stack_and_each_is_lifted_by_its_own",
            "test_refused_stops.py::test_it_says_why_tells_staff_and_closes_once_it_can",
        ),
        "Pause Copying: no opens,": (
            f"{C}::test_paused_follower_is_closed_and_new_opens_are_neither_copied_nor_back_filled",
        ),
        "Stop Copying: the caller": (f"{FOLLOWING}::test_stop_copying_closes_all_or_keeps_and_is_idempotent",),
        "master: pending, active, paused": (
            f"{F}::test_master_states",
            f"{FOLLOWING}::test_a_paused_master_opens_nothing_and_closes_are_mirrored",
            f"{FOLLOWING}::test_a_master_can_be_left_by_all_at_once",
            "pages/test_pages.py::test_status_controls_show_what_they_touch_and_are_audited",
        ),
        "module off for a": (f"{REPLICATION}::test_module_off_with_40_active_subscriptions",),
        "A follower who closes": (f"{C}::test_a_follower_who_closes_by_hand_is_never_put_back",),
        "The master's stop-loss and": (
            f"{REPLICATION}::test_the_masters_stops_are_mirrored_and_swapped_when_reversed",
        ),
        "A paused or deactivated": (
            "pages/test_portal.py::test_masters_are_filtered_sorted_and_downloaded_and_the_paused_stay_in_the_sums",
        ),
        "An admin may also": (
            f"{MASTERING}::test_a_grant_answers_the_application_that_waits",
            f"{S}::test_the_confirmation_is_kept_with_the_version_of_its_text_and_none_is_needed_on_paper",
            "pages/test_portal.py::test_the_fee_and_the_notice_are_confirmed_first_and_kept_with_their_version",
        ),
    },
    "Exactly one order for each decision": {
        "The master's fills form": (
            f"{C}::test_an_open_handled_after_its_close_finds_nothing_left_to_open",
            "test_random_histories.py::test_every_followers_position_and_ledger_agree_with_the_model",
        ),
        "Each order carries a": (f"{REPLICATION}::test_client_order_ids_are_made_of_tenant_subscription_fill_and_leg",),
        "Closes go ahead of": (f"{REPLICATION}::test_one_bad_follower_is_parked_with_an_alert_and_the_others_go_on",),
        "A venue that does": ("test_outside_venue.py::test_the_master_is_flat_before_anything_has_arrived",),
        "An empty answer is": (
            "test_reconciling.py::test_one_snapshot_repairs_nothing_and_nothing_is_repaired_unasked",
        ),
        "Slots and margin are": ("test_outside_venue.py::test_a_slot_is_taken_while_the_open_is_under_way",),
    },
    "Figures shown": {
        "equity": ("test_observing.py::test_a_look_knows_equity_with_floating_pnl_and_total_pnl",),
        "return index": (f"{ST}::test_return_index_is_time_weighted_whatever_money_moves",),
        "monthly return": (f"{ST}::test_monthly_returns_multiply_up_and_the_first_and_last_are_partial",),
        "drawdown": (f"{ST}::test_drawdown_knows_the_dates_of_peak_trough_and_recovery",),
        "Sharpe": (
            f"{ST}::test_sharpe_of_round_the_clock_histories_counts_every_day",
            f"{ST}::test_sharpe_needs_30_daily_returns_and_a_deviation",
        ),
        "win rate": (f"{R}::test_6_wins_3_losses_1_break_even_and_a_half_closed_winner_is_60_percent",),
        "profit factor": (f"{ST}::test_profit_factor_win_rate_and_losing_streak",),
        "total P&L": ("test_observing.py::test_a_look_knows_equity_with_floating_pnl_and_total_pnl",),
        "risk score 1–10": (f"{F}::test_risk_score_parts_and_levels",),
        "effective leverage": (f"{ST}::test_effective_leverage_on_no_equity_is_as_high_as_it_gets",),
        "over-leveraged follower": (f"{F}::test_over_leveraged_follower_bands",),
        "copied P&L": (f"{REPLICATION}::test_copied_pnl_counts_linked_positions_with_their_floating_part",),
        "copy fidelity": ("test_fidelity.py::test_the_gap_of_a_copy_is_told_as_latency_rounding_and_skips",),
        "performance fee": (
            "test_performance_fees.py::test_a_month_is_charged_once_from_follower_to_master_both_in_the_ledger",
            "test_performance_fees.py::test_the_fee_is_reckoned_up_on_stop_and_the_mark_survives_a_new_start",
        ),
        "deteriorating masters": ("test_master_alerts.py::test_where_each_alert_begins",),
    },
    "Cases": {
        "E_m 10,000, E_f 2,500": (f"{C}::test_equities_10000_and_2500_buy_1_copies_0_25",),
        "E_f 1,900": (f"{C}::test_raw_0_019_becomes_0_01_and_raw_0_004_is_skipped_below_min_lot",),
        "E_f 400": (f"{R}::test_raw_0_004_is_below_min_lot_even_with_round_up",),
        "fixed 0.10 lot": (f"{R}::test_fixed_0_10_copies_one_master_order_of_three_fills_once",),
        "k = 0.05": (f"{R}::test_k_0_05_on_fills_of_one_order_gives_0_01_0_02_0_02",),
        "the same master fill twice, also at once on two workers": (
            f"{C}::test_the_same_master_fill_twice_is_one_order_and_the_second_run_writes_nothing",
            f"{C}::test_the_same_master_fill_at_once_on_two_workers_is_one_order",
        ),
        "follower 0.01, master 1.00": (f"{C}::test_closes_in_parts",),
        "follower 0.10": (f"{R}::test_follower_0_10_closes_0_03_0_04_0_03_without_dust",),
        "netting: master long 1.00, follower long 0.25": (f"{C}::test_netting_flip_closes_0_25_then_opens_short_0_12",),
        "joined while master long 1.00 (ignore)": (
            f"{C}::test_joined_while_master_long_1_then_add_and_close_all_is_nothing_at_all",
        ),
        "minimum equity 500, equity 480, one copy open": (
            f"{C}::test_minimum_equity_500_at_480_skips_opens_and_mirrors_closes_and_passes_at_510_and_at_500",
        ),
        "max open trades 3, three open": (
            f"{C}::test_max_open_trades_3",
            f"{C}::test_max_open_trades_lets_an_add_through",
        ),
        "master buys at 1.08500": (
            f"{C}::test_master_buys_at_1_08500_limit_1_08608_is_sent_at_1_08600_and_skipped_at_1_08620",
        ),
        "master closes 2 % away from its price": (f"{C}::test_master_closes_2_percent_away_is_executed_at_market",),
        "paused follower holds 0.25": (
            f"{C}::test_paused_follower_is_closed_and_new_opens_are_neither_copied_nor_back_filled",
        ),
        "paused by admin and by follower": (
            f"{C}::test_paused_by_admin_and_by_follower_stays_paused_when_the_follower_resumes",
        ),
        "master EUR 10,000, follower USD 2,700, EURUSD 1.08": (
            f"{C}::test_master_eur_10000_follower_usd_2700_at_1_08_copies_0_25",
        ),
        "master deposits 10,000 on 10,000 with a position open": (
            f"{C}::test_master_deposits_10000_with_a_position_open_then_buys_1_copies_0_10",
        ),
        "E 1,000→1,100, deposit 900, 2,000→1,900": (f"{R}::test_month_of_10_percent_deposit_900_and_minus_5_percent",),
        "6 wins, 3 losses, 1 break-even, 1 half-closed winner": (
            f"{R}::test_6_wins_3_losses_1_break_even_and_a_half_closed_winner_is_60_percent",
        ),
        "module off with 40 active subscriptions": (f"{REPLICATION}::test_module_off_with_40_active_subscriptions",),
        "opens 1.00 at k 0.25, closes 0.90, adds 1.00 at k 2.5, closes 0.10 of 1.10": (
            f"{C}::test_opens_at_k_0_25_closes_0_90_adds_at_k_2_5_closes_0_10_of_1_10",
        ),
        "follower of tenant A asks for a master of tenant B by id": (
            "test_isolation.py::test_a_follower_of_tenant_a_asks_for_a_master_of_tenant_b_by_id_and_gets_404",
        ),
    },
}
IN_TEXT = {("Gates for an open or an increase", "a skip record"), ("Gates for an open or an increase", "closes pass no gate"),
           ("Figures shown", "deteriorating masters")}  # fmt: skip
"""Rules that stand in running text and not in a row: the gates, and the alerts about masters."""
