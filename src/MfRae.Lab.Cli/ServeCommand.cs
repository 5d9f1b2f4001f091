using System.CommandLine;
using System.Globalization;
using MfRae.Lab.Cli.Verbs;

namespace MfRae.Lab.Cli;

/// <summary>The verb that serves the reports.</summary>
internal static class ServeCommand
{
    public static Command Build(Composition composition, Func<ParseResult, Places> placesOf)
    {
        var port = new Option<int>("--port")
        {
            Description = "Where to listen; 0 chooses a free port",
            HelpName = "N",
            DefaultValueFactory = _ => ServeVerb.DefaultPort,
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !ushort.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError("--port takes a number from 0 to 65535");
        });
        var json = new Option<bool>("--json") { Description = "The address as JSON" };
        var command = new Command("serve", "Show the reports in a browser of this machine, live while experiments run")
        {
            port, json,
        };
        command.SetAction(parsed => composition.Serve(placesOf(parsed)).Execute(parsed.GetValue(port), parsed.GetValue(json)));
        return command;
    }
}
