#pragma once

namespace CLI {
class App;
}

namespace tallyho::cli {

// Each verb of the command line adds itself to `app`, in a file of its own; when it was chosen, it runs and leaves its
// exit status in `status`: 0 done, 1 the thing failed, 2 wrong usage.
void add_serve(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_test(CLI::App& app, int& status);
void add_score(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_backup(CLI::App& app, int& status);
void add_snapshot(CLI::App& app, int& status);
void add_load(CLI::App& app, int& status);
void add_replay(CLI::App& app, int& status);
void add_log(CLI::App& app, int& status);
void add_token(CLI::App& app, int& status);
void add_board(CLI::App& app, int& status);
void add_player(CLI::App& app, int& status);
void add_ban(CLI::App& app, int& status);
void add_unban(CLI::App& app, int& status);
void add_adjust(CLI::App& app, int& status);
void add_version(CLI::App& app, int& status);

}  // namespace tallyho::cli
