using System.Globalization;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>A length of time as it is given on the command line: `7d`, `12h`, `30m`, `0s`, `0`.</summary>
public static class Age
{
    public const string Form = "a whole number of days, hours, minutes or seconds, as 7d, 12h, 30m or 0s";

    private const int MostDays = 36500;

    public static bool TryParse(string text, out TimeSpan age)
    {
        age = TimeSpan.Zero;
        if (text == "0")
            return true;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > MostDays)
            return false;
        TimeSpan? parsed = text[^1] switch
        {
            'd' => TimeSpan.FromDays(number),
            'h' => TimeSpan.FromHours(number),
            'm' => TimeSpan.FromMinutes(number),
            's' => TimeSpan.FromSeconds(number),
            _ => null,
        };
        age = parsed ?? TimeSpan.Zero;
        return parsed is not null;
    }
}
